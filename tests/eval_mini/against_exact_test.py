"""tools/eval_mini/against_exact.py: manifests of as many steps as were computed, and its table of made-up runs."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy

TOOL = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(TOOL))
import drawn_clip  # noqa: E402
from measure import grammar  # noqa: E402

CAPTION = grammar.Caption("large", "red", "circle", "left", "slowly", "grey", "high")
OTHER = CAPTION._replace(color="green")


class AgainstExact(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.out = pathlib.Path(temporary.name)
        self.requests = [{"id": name, "prompt": grammar.text(CAPTION), "fps": 24} for name in "ab"]
        (self.out / "m.jsonl").write_text("\n".join(map(json.dumps, self.requests)))

    def run_of(self, name, caption, far, computed=None, steps=35):
        """Clips whose latents are `far` from ones, relative."""
        for i, request in enumerate(self.requests):
            drawn_clip.write(self.out / name / "frames" / request["id"], caption, grammar)
            (self.out / name / "latents").mkdir(exist_ok=True)
            with h5py.File(self.out / name / "latents" / f"{request['id']}.h5", "w") as file:
                file["/latents/video"] = numpy.full((1, 2, 3, 4, 5), 1 + far * (1 + i))
            line = {"id": request["id"], "status": "done", "request": {"steps": steps}, "seconds": {"denoise": 2.5}}
            with open(self.out / name / "results.jsonl", "a") as file:
                file.write(json.dumps(line | ({"computed_steps": computed + i} if computed else {})) + "\n")

    def run_tool(self, *arguments):
        result = subprocess.run([sys.executable, str(TOOL / "against_exact.py"), *map(str, arguments), "--manifest",
                                 str(self.out / "m.jsonl")], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_plain_clips_have_the_steps_that_were_computed(self):
        self.run_of("cache-0.2", CAPTION, 0.1, computed=20)
        lines = [json.loads(line) for line in self.run_tool("--plain", self.out / "cache-0.2").splitlines()]
        self.assertEqual(lines, [request | {"steps": 20 + i} for i, request in enumerate(self.requests)])

    def test_compares_each_run_with_the_exact_one_and_the_plain_one(self):
        self.run_of("exact", CAPTION, 0)
        self.run_of("cache-0.2", CAPTION, 0.1, computed=20)
        self.run_of("plain-0.2", OTHER, 0.3, steps=20)
        table = self.run_tool(self.out, "--rows", "r.jsonl", "--command", "x.sh")
        self.assertIn("cache-0.2 nearer than plain-0.2 in 2 of 2 clips' frames", table)
        rows = [json.loads(line) for line in (self.out / "r.jsonl").read_text().splitlines()]
        self.assertEqual([row["run"] for row in rows], ["exact", "cache-0.2", "plain-0.2", "cache-0.2"])
        self.assertEqual({row["command"] for row in rows}, {"x.sh"})
        self.assertEqual(rows[1]["computed_steps"]["mean"], 20.5)
        self.assertAlmostEqual(rows[1]["video"]["mean"], 0.15)
        self.assertEqual((rows[1]["right"]["all"], rows[2]["right"]["all"], rows[2]["right"]["size"]), (100.0, 0.0, 100.0))
        self.assertEqual(rows[3]["video"]["better"], 2)


if __name__ == "__main__":
    unittest.main()
