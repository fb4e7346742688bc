"""preemptible.sbatch: stopped in the middle of a clip, it goes on by itself and makes the same latents."""

import unittest

from cluster import Cluster

LONG = ("long", {"steps": 400, "num_frames": 9, "height": 64, "width": 64})
SHORT = ("short", {"steps": 5})
PAIR = ["--nodes", "2", "--ntasks-per-node", "1"]

cluster = Cluster()


def submit(script, clip, out, *more, sbatch=(), **environment):
    manifest = cluster.manifest(f"{clip[0]}.jsonl", [clip])
    return cluster.submit(script, cluster.options(manifest, out, *more), sbatch, **environment)


def submit_long(script, out, *more, **environment):
    return submit(script, LONG, out, "--cfg", "2", *more, sbatch=PAIR, **environment)


def wait_for_middle(job):
    job.wait_for_output(r"step [1-9]\d?/400")


def setUpModule():
    """The jobs that wait for restarts most of their time start at once. Classes run in the order of their names."""
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()
    RestartsTest.steps = submit("preemptible.sbatch", SHORT, "steps", "--stop-after-steps", "2")
    RestartsTest.limited = submit("preemptible.sbatch", SHORT, "limited", "--stop-after-steps", "1", ORRERY_MAX_RESTARTS="1")
    RestartsTest.failed = submit("preemptible.sbatch", SHORT, "failed", "--stepz", "3")
    RestartsTest.array = submit("preemptible.sbatch", SHORT, "array", "--stop-after-steps", "3", sbatch=["--array", "0-1"])
    LongTest.undisturbed = submit_long("generate.sbatch", "undisturbed")


class LongTest(unittest.TestCase):
    def assert_went_on(self, job, out):
        self.assertEqual(self.undisturbed.wait(), "COMPLETED 0", self.undisturbed.output)
        self.assertEqual(job.wait(), "COMPLETED 0", job.output)
        self.assertEqual(job.field("Restarts"), "1")
        self.assertRegex(job.output, r"resumes at step [1-9]\d*/400")
        self.assertEqual(cluster.latents_differ("undisturbed", out, "long"), "")
        self.assertEqual(cluster.made(out, "media", ".mp4"), ["long"])


class BySignalTest(LongTest):
    def test_cancelled_for_good(self):
        job = submit_long("preemptible.sbatch", "cancelled")
        wait_for_middle(job)
        cluster.command("scancel", job.number)
        self.assertEqual(job.wait(), "CANCELLED 75", job.output)
        self.assertEqual(job.field("Restarts"), "0")

    def test_warned_of_its_time_limit(self):
        job = submit_long("preemptible.sbatch", "warned")
        wait_for_middle(job)
        cluster.command("scancel", "--batch", "--signal", "USR1", job.number)
        self.assert_went_on(job, "warned")


class RestartsTest(unittest.TestCase):
    def test_goes_on_until_all_is_made(self):
        self.assertEqual(self.steps.wait(), "COMPLETED 0", self.steps.output)
        self.assertEqual(self.steps.field("Restarts"), "2")

    def test_restarts_have_an_end(self):
        self.assertEqual(self.limited.wait(), "FAILED 75", self.limited.output)
        self.assertEqual(self.limited.field("Restarts"), "1")
        self.assertIn("stopped again after 1 restarts: not put back into the queue", self.limited.output)

    def test_each_task_of_an_array_goes_on(self):
        tasks = [cluster.job(f"{self.array.number}_{task}") for task in (0, 1)]
        self.assertEqual([task.wait() for task in tasks], ["COMPLETED 0"] * 2, [task.output for task in tasks])
        self.assertEqual(sorted(task.field("Restarts") for task in tasks), ["0", "1"])
        self.assertEqual(cluster.made("array", "latents", ".h5"), ["short"])

    def test_a_failure_is_final(self):
        self.assertEqual(self.failed.wait(), "FAILED 2", self.failed.output)
        self.assertEqual(self.failed.field("Restarts"), "0")


class WantedNodesTest(LongTest):
    """Last, since every other job would be preempted as well."""

    def test_preempted_by_a_job_of_higher_priority(self):
        srun = submit_long("preemptible.sbatch", "srun")
        mpirun = submit_long("preemptible.sbatch", "mpirun", "--snapshot-every", "1", ORRERY_LAUNCHER="mpirun --bind-to none")
        for job in (srun, mpirun):
            wait_for_middle(job)
        cluster.command("srun", "--partition", "urgent", "--nodes", "2", "--exclusive", "--mpi=none", "true")
        self.assert_went_on(srun, "srun")
        self.assert_went_on(mpirun, "mpirun")


if __name__ == "__main__":
    unittest.main()
