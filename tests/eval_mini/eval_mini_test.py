"""tools/eval_mini finds what drawn clips show, and every single wrong word of a caption."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(TOOL))
import drawn_clip  # noqa: E402
from measure import grammar  # noqa: E402

SHOWN = [
    grammar.Caption("large", "red", "circle", "left", "slowly", "grey", "high"),
    grammar.Caption("small", "blue", "triangle", "up and right", "quickly", "white", None),
    grammar.Caption("large", "yellow", "square", "down", "quickly", "black", "low"),
    grammar.Caption("small", "cyan", "circle", "down and left", "slowly", "brown", "medium"),
    grammar.Caption("large", "purple", "triangle", "right", "quickly", "grey", "low"),
    grammar.Caption("small", "green", "square", "up", "slowly", "black", None),
]
OTHERS = {"size": "small", "color": "green", "shape": "square", "direction": "right", "speed": "quickly",
          "background": "black", "tone": None}


class EvalMini(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        for i, caption in enumerate(SHOWN):
            drawn_clip.write(cls.folder / "out/frames" / str(i), caption, grammar)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_tool(self, requests, *arguments):
        manifest = self.folder / "manifest.jsonl"
        manifest.write_text("# captions\n" + "\n".join(json.dumps(r) for r in requests))
        result = subprocess.run([sys.executable, str(TOOL / "eval_mini.py"), "--manifest", str(manifest), "--json",
                                 str(self.folder / "found.json"), *arguments, str(self.folder / "out")],
                                capture_output=True, text=True)
        return result, json.loads((self.folder / "found.json").read_text()) if result.returncode == 0 else None

    def test_says_that_right_captions_are_right(self):
        requests = [{"id": str(i), "prompt": grammar.text(c)} for i, c in enumerate(SHOWN)]
        result, found = self.run_tool(requests, "--at-least", "all=100")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(found["shares"]["all"], {"right": 6, "of": 6, "percent": 100.0})

    def test_finds_each_wrong_word_and_only_that(self):
        for word, other in OTHERS.items():
            wrong = SHOWN[0]._replace(**{word: other})
            result, found = self.run_tool([{"id": "0", "prompt": grammar.text(wrong)}])
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual([w for w, right in found["clips"][0]["right"].items() if not right], [word])

    def test_fails_below_what_is_asked_for(self):
        wrong = [{"id": str(i), "prompt": grammar.text(SHOWN[(i + 1) % 6])} for i in range(6)]
        result, _ = self.run_tool(wrong, "--at-least", "color=50")
        self.assertEqual(result.returncode, 1)
        self.assertIn("too few are right: color 0.0 % < 50.0 %", result.stderr)

    def test_measures_the_first_frame_against_the_image(self):
        first = drawn_clip.frames(SHOWN[0], grammar)[0]
        (self.folder / "same.png").write_bytes(drawn_clip.png(first))
        (self.folder / "other.png").write_bytes(drawn_clip.png(255 - first))
        psnr = []
        for image in ("same.png", "other.png"):
            _, found = self.run_tool([{"id": "0", "prompt": grammar.text(SHOWN[0]), "image": image}])
            psnr.append(found["clips"][0]["first_frame_psnr"])
        self.assertGreater(psnr[0], 70)
        self.assertLess(psnr[1], 25)

    def test_compares_two_runs_clip_by_clip(self):
        other = self.folder / "other"
        for i, caption in enumerate(SHOWN):
            color = "green" if caption.color == "red" else "red"
            drawn_clip.write(other / "frames" / str(i), caption._replace(color=color), grammar)
        requests = [{"id": str(i), "prompt": grammar.text(c)} for i, c in enumerate(SHOWN)]
        result, found = self.run_tool(requests, "--against", str(other))
        self.assertIn("color      right here alone   6, there alone   0 of 6, p 0.031", result.stdout)
        self.assertEqual(found["against"]["deviations"]["clip"]["better"], 6)
        self.assertEqual(found["against"]["deviations"]["angle"]["of"], 6)

    def test_refuses_a_manifest_of_which_nothing_is_there(self):
        result, _ = self.run_tool([{"id": "0", "prompt": "A dog."}, {"id": "none", "prompt": grammar.text(SHOWN[0])}])
        self.assertEqual(result.returncode, 1)
        self.assertIn("none of 2 requests", result.stderr)

    def test_says_once_that_a_run_is_not_there(self):
        requests = [{"id": str(i), "prompt": grammar.text(c)} for i, c in enumerate(SHOWN)]
        result, _ = self.run_tool(requests, "--against", "nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "nowhere: no such folder; expected what orrery run --keep-frames wrote\n")


if __name__ == "__main__":
    unittest.main()
