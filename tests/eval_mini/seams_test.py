"""tools/eval_mini/seams.py sees where a drawn clip jumps, or turns, from one chunk to the next."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

TOOL = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(TOOL))
import drawn_clip  # noqa: E402
from measure import grammar  # noqa: E402

CAPTION = grammar.Caption("small", "red", "circle", "right", "quickly", "grey", None)
SEAM = 9  # of chunks of 9 frames that overlap by 5: begins at 4, adds from here on


class Seams(unittest.TestCase):
    def run_tool(self, jump=0.0, faster=1.0, start=40.0, limits=("--most-gap", "1", "--most-change", "20")):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            request = {"id": "a", "prompt": grammar.text(CAPTION), "num_frames": 13, "chunk_frames": 9}
            (folder / "m.jsonl").write_text(json.dumps(request) + "\n")
            frames = folder / "out/frames/a"
            frames.mkdir(parents=True)
            speed = numpy.array(grammar.velocity(CAPTION)) / drawn_clip.FPS
            for i in range(13):
                moved = i if i < SEAM else SEAM + (i - SEAM) * faster
                centre = numpy.array([start, 48.0]) + speed * moved + numpy.array([0, jump * (i >= SEAM)])
                (frames / f"{i:06}.png").write_bytes(drawn_clip.png(drawn_clip.frame(CAPTION, grammar, centre)))
            result = subprocess.run([sys.executable, str(TOOL / "seams.py"), "--manifest", str(folder / "m.jsonl"), *limits,
                                     "--json", str(folder / "found.json"), str(folder / "out")], capture_output=True, text=True)
            found = json.loads((folder / "found.json").read_text()) if (folder / "found.json").exists() else None
            return result, found

    def test_a_straight_path_has_no_seam(self):
        result, found = self.run_tool()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLess(found[0]["found"][0]["gap"], 0.2)
        self.assertLess(found[0]["found"][0]["change"], 5)

    def test_a_jump_is_a_gap(self):
        result, found = self.run_tool(jump=4)
        self.assertEqual(result.returncode, 1)
        self.assertIn("the motion breaks: frame 9: gap", result.stderr)
        self.assertAlmostEqual(found[0]["found"][0]["gap"], 4, delta=0.3)

    def test_another_speed_is_a_change(self):
        result, found = self.run_tool(faster=2)
        self.assertEqual(result.returncode, 1)
        self.assertAlmostEqual(found[0]["found"][0]["change"], 100, delta=10)

    def test_a_shape_at_the_edge_is_left_out(self):
        result, _ = self.run_tool(start=105)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no seam could be measured", result.stderr)


if __name__ == "__main__":
    unittest.main()
