"""array.sbatch: a manifest over the tasks of an array."""

import unittest

from cluster import Cluster

CLIPS = [(f"clip{number}", {"seed": number}) for number in range(6)] + [("next", {"condition_latents": "clip1"})]

cluster = Cluster()


def setUpModule():
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()


class ArrayTest(unittest.TestCase):
    def submit(self):
        manifest = cluster.manifest("clips.jsonl", CLIPS)
        array = cluster.submit("array.sbatch", cluster.options(manifest, "out"), ["--array", "1-4"])
        return [cluster.job(f"{array.number}_{task}") for task in range(1, 5)]

    def clips(self):
        """Clip files, with the times of their last change."""
        return {path: path.stat().st_mtime_ns for path in (cluster.folder / "out" / "latents").glob("*.h5")}

    def test_four_tasks_make_every_clip_once_and_nothing_twice(self):
        tasks = self.submit()
        self.assertEqual([task.wait() for task in tasks], ["COMPLETED 0"] * 4, [task.output for task in tasks])
        names = sorted(key for key, _ in CLIPS)
        self.assertEqual(cluster.made("out", "latents", ".h5"), names)
        self.assertEqual(cluster.made("out", "media", ".mp4"), names)
        done = [line["id"] for line in cluster.results("out")]
        self.assertEqual(sorted(done), names)

        before = self.clips()
        self.assertEqual(len(list((cluster.folder / "out").glob("results-*-of-4.jsonl"))), 4)
        tasks = self.submit()
        self.assertEqual([task.wait() for task in tasks], ["COMPLETED 0"] * 4, [task.output for task in tasks])
        self.assertEqual(self.clips(), before)

    def test_tasks_share_latent_files_to_decode(self):
        manifest = cluster.manifest("three.jsonl", CLIPS[:3])
        cluster.run_without_slurm(cluster.options(manifest, "latents", "--media", "none"))
        arguments = ["--checkpoint", "random:tiny", "--device", "cpu", "--out", cluster.folder / "decoded", cluster.folder / "latents/latents"]
        array = cluster.submit("decode.sbatch", arguments, ["--array", "1-3:2"])
        first, second = [cluster.job(f"{array.number}_{task}") for task in (1, 3)]
        self.assertEqual([first.wait(), second.wait()], ["COMPLETED 0"] * 2, [first.output, second.output])
        self.assertEqual(cluster.made("decoded", "media", ".mp4"), ["clip0", "clip1", "clip2"])
        self.assertNotIn("clip1", first.output)
        self.assertIn("clip1", second.output)


if __name__ == "__main__":
    unittest.main()
