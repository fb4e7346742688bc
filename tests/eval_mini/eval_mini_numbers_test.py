"""The numbers of tools/eval_mini: deviations from the caption, two runs against each other, PNG files, drawn images."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

TOOL = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(TOOL))
import drawn_clip  # noqa: E402
import ideal  # noqa: E402
import paired  # noqa: E402
import png  # noqa: E402
import tables  # noqa: E402
from deviations import MEASURES, deviations  # noqa: E402
from measure import grammar, measure, see  # noqa: E402

SHOWN = grammar.Caption("large", "red", "square", "left", "slowly", "grey", "high")
CENTRES = numpy.array([[60.3, 44.7]])


def deviations_of(shown, caption):
    frames = numpy.stack(drawn_clip.frames(shown, grammar))
    return deviations(see(frames), frames, drawn_clip.FPS, drawn_clip.sound(shown, grammar).astype(numpy.float32), caption)


class Deviations(unittest.TestCase):
    def test_are_small_for_the_clip_of_the_caption(self):
        for shape in grammar.SHAPES:
            caption = SHOWN._replace(shape=shape)
            found = deviations_of(caption, caption)
            self.assertEqual(found.keys(), MEASURES.keys())
            self.assertGreater(found["clip"], 36)
            for name, most in {"outline": 6, "color": 1, "background": 1, "angle": 1, "speed": 3, "tone": 1}.items():
                self.assertLess(found[name], most, (shape, name))

    def test_say_how_far_another_clip_is(self):
        for word, value, name, expected in (("direction", "up", "angle", 90), ("direction", "right", "angle", 180),
                                            ("speed", "quickly", "speed", 180), ("tone", "low", "tone", 100),
                                            ("color", "cyan", "color", math.dist((222, 40, 44), (56, 206, 222))),
                                            ("background", "black", "background", math.dist((128, 128, 130), (14, 14, 16)))):
            shown = SHOWN._replace(**{word: value})
            self.assertAlmostEqual(deviations_of(shown, SHOWN)[name] / expected, 1, delta=0.03, msg=(word, value))

    def test_of_the_outline_tell_shapes_and_sizes_apart(self):
        right = deviations_of(SHOWN, SHOWN)
        for other in (SHOWN._replace(shape="triangle"), SHOWN._replace(shape="circle"), SHOWN._replace(size="small")):
            found = deviations_of(other, SHOWN)
            self.assertGreater(found["outline"], 15)
            self.assertLess(found["clip"], right["clip"] - 6)

    def test_leave_out_what_a_clip_without_a_shape_does_not_have(self):
        frames = numpy.full((9, 96, 128, 3), 128, numpy.uint8)
        self.assertEqual(deviations(see(frames), frames, 24, None, SHOWN).keys(), {"clip", "background"})


class Shapes(unittest.TestCase):
    def test_are_told_apart_where_corners_are_soft(self):
        for shape in grammar.SHAPES:
            for size in grammar.RADII:
                caption = SHOWN._replace(shape=shape, size=size)
                frames = numpy.stack(drawn_clip.frames(caption, grammar)).astype(float)
                for axis in (1, 2) * 3:
                    frames = sum(numpy.roll(frames, step, axis) for step in (-1, 0, 1)) / 3
                found = measure(see(frames.round().astype(numpy.uint8)), drawn_clip.FPS)
                self.assertEqual((found["shape"], found["size"]), (shape, size))


class Paired(unittest.TestCase):
    def test_numbers_are_compared_clip_by_clip(self):
        found = paired.compare([3, 5, 7, 9], [1, 4, 9, 9], better=1)
        self.assertEqual((found["mean_difference"], found["better"], found["worse"], found["of"]), (0.25, 2, 1, 4))
        self.assertAlmostEqual(found["standard_error"], math.sqrt(35 / 12 / 4))
        less = paired.compare([3, 5, 7, 9], [1, 4, 9, 9], better=-1)
        self.assertEqual((less["mean_difference"], less["better"], less["worse"]), (0.25, 1, 2))

    def test_words_are_compared_where_the_runs_differ(self):
        found = paired.compare_words([True] * 12 + [False] * 2, [True] * 2 + [False] * 10 + [True] * 2)
        self.assertEqual((found["only_this"], found["only_other"], found["of"]), (10, 2, 14))
        self.assertAlmostEqual(found["p"], 2 * (1 + 12 + 66) / 2 ** 12)

    def test_chance_alone_makes_even_splits_and_no_difference_likely(self):
        self.assertEqual([paired.chance(0, 0), paired.chance(5, 5), paired.chance(0, 1)], [1, 1, 1])
        self.assertAlmostEqual(paired.chance(0, 10), 2 / 1024)

    def test_tables_match_clips_by_their_id(self):
        clip = lambda name, right, psnr: {"id": name, "right": {"color": right}, "deviations": {"clip": psnr}}
        found = tables.against([clip("a", True, 30.0), clip("b", False, 20.0), clip("only here", True, 1.0)],
                               [clip("b", False, 21.0), clip("a", False, 25.0)])
        self.assertEqual((found["words"]["color"]["only_this"], found["words"]["color"]["of"]), (1, 2))
        self.assertEqual(found["words"]["all"]["only_this"], 1)
        self.assertEqual((found["deviations"]["clip"]["mean_difference"], found["deviations"]["clip"]["of"]), (2, 2))


class Pictures(unittest.TestCase):
    def test_every_filter_is_undone(self):
        random = numpy.random.RandomState(3)
        pixels = random.randint(0, 256, (2, 21, 13, 3)).astype(numpy.int16)
        kinds = random.randint(0, 5, (2, 21))
        self.assertEqual(len(set(kinds.flat)), 5)
        near = numpy.pad(pixels, ((0, 0), (1, 0), (1, 0), (0, 0)))
        left, up, corner = near[:, 1:, :-1], near[:, :-1, 1:], near[:, :-1, :-1]
        estimate = left + up - corner
        options = numpy.stack([left, up, corner])
        closest = numpy.take_along_axis(options, abs(options - estimate).argmin(0)[None], 0)[0]
        guesses = numpy.choose(kinds[:, :, None, None], [0 * left, left, up, (left + up) // 2, closest])
        found = png.unfilter(kinds.astype(numpy.uint8), ((pixels - guesses) % 256).astype(numpy.uint8))
        self.assertTrue((found == pixels).all())

    def test_files_are_read_as_written(self):
        pixels = numpy.random.RandomState(4).randint(0, 256, (5, 7, 3)).astype(numpy.uint8)
        with tempfile.TemporaryDirectory() as folder:
            png.write_png(f"{folder}/a.png", pixels)
            self.assertTrue((png.read_pngs([f"{folder}/a.png"])[0] == pixels).all())

    def test_ideal_frames_are_those_drawn_point_by_point(self):
        for shape in grammar.SHAPES:
            for size in grammar.RADII:
                caption = SHOWN._replace(shape=shape, size=size)
                drawn = drawn_clip.frame(caption, grammar, CENTRES[0])
                error = abs(ideal.frames(caption, drawn_clip.SIZE, CENTRES)[0].astype(int) - drawn)
                self.assertLess(error.mean(), 0.15, caption)

    def test_held_out_clips_start_from_images_with_the_whole_shape(self):
        with tempfile.TemporaryDirectory() as folder:
            made = subprocess.run([sys.executable, str(TOOL / "held_out.py"), "--count", "6", "--images", "images"],
                                  cwd=folder, capture_output=True, text=True, check=True).stdout
            for line in map(json.loads, made.splitlines()):
                caption = grammar.parse(line["prompt"])
                image = png.read_pngs([f"{folder}/{line['image']}"])
                self.assertEqual(image.shape, (1, line["height"], line["width"], 3))
                share = see(image).share[0]
                edge = numpy.concatenate([share[0], share[-1], share[:, 0], share[:, -1]])
                self.assertEqual(edge.max(), 0, line)
                area = ideal.AREA[caption.shape] * grammar.RADII[caption.size] ** 2
                self.assertAlmostEqual(share.sum() / area, 1, delta=0.05)


if __name__ == "__main__":
    unittest.main()
