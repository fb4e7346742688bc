"""The example of src/io/latents/README.md reads what the program writes."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
LINE = {"id": "a", "prompt_token_ids": [7, 8], "negative_token_ids": [5], "num_frames": 5, "height": 32, "width": 64,
        "steps": 1, "seed": 11, "sound": True}


class Example(unittest.TestCase):
    def test_reads_a_latent_file(self):
        text = (SOURCE / "src/io/latents/README.md").read_text(encoding="utf-8")
        example = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        with tempfile.TemporaryDirectory() as folder:
            manifest = pathlib.Path(folder, "clips.jsonl")
            manifest.write_text(json.dumps(LINE), encoding="utf-8")
            subprocess.run([os.environ["ORRERY"], "run", "--checkpoint", "random:tiny", "--manifest", manifest, "--out", folder,
                            "--device", "cpu", "--media", "none", "--quiet"], check=True)
            latents = pathlib.Path(folder, "latents/a.h5")
            told = subprocess.run([sys.executable, "-c", example, latents], check=True, capture_output=True, text=True)
            inspected = json.loads(subprocess.run([os.environ["ORRERY"], "inspect", "--json", latents], check=True,
                                                  capture_output=True).stdout)
        lines = told.stdout.splitlines()
        self.assertEqual(lines[0], "a complete seed 11")
        self.assertEqual(lines[1], "video (8, 2, 2, 4) sound (8, 6)")
        means = json.loads(lines[2].removeprefix("means "))
        for mean, channel in zip(means, inspected["video_channels"], strict=True):
            self.assertAlmostEqual(mean, channel["mean"], 5)


if __name__ == "__main__":
    unittest.main()
