"""A rank that is killed, crashes or is stopped ends its job, under every launcher, and the same command goes on."""

import os
import pathlib
import signal
import unittest

from cluster import ORRERY, Cluster

LONG = ("long", {"steps": 400, "num_frames": 9, "height": 64, "width": 64})
TIMEOUT = "8"  # seconds
BARE = f'#!/bin/bash\nexec srun --mpi=pmix {ORRERY} run "$@"\n'
MPIRUN = "mpirun --bind-to none"
# Launchers report the code of a rank that was killed, and otherwise the program's.
CASES = [
    ("killed", "srun", 1, signal.SIGKILL, 137, "is gone"),
    ("crashed", "srun", 0, signal.SIGSEGV, 139, "is gone"),
    ("stopped", "srun", 1, signal.SIGSTOP, 3, "no sign of life"),
    ("bare-killed", "bare", 0, signal.SIGKILL, 137, "is gone"),
    ("bare-stopped", "bare", 0, signal.SIGSTOP, 3, "no sign of life"),
    ("mpirun-killed", "mpirun", 1, signal.SIGKILL, 137, "is gone"),
    ("mpirun-stopped", "mpirun", 0, signal.SIGSTOP, 3, "no sign of life"),
]

cluster = Cluster()


def setUpModule():
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()


def submit(launcher, out):
    manifest = cluster.manifest("long.jsonl", [LONG])
    options = cluster.options(manifest, out, "--cfg", "2", "--snapshot-every", "2", "--rank-timeout", TIMEOUT)
    nodes = ["--nodes", "2", "--ntasks-per-node", "1"]
    if launcher == "bare":
        script = cluster.folder / "bare.sh"
        script.write_text(BARE, encoding="utf-8")
        return cluster.submit(script, options, nodes)
    return cluster.submit("generate.sbatch", options, nodes, **({"ORRERY_LAUNCHER": MPIRUN} if launcher == "mpirun" else {}))


def process_of(job, rank):
    """The process of one rank of a job."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "environ").read_bytes().split(b"\0")
            name = (folder / "comm").read_text(encoding="utf-8").strip()
        except OSError:  # it has just ended
            continue
        marks = {f"SLURM_JOB_ID={job.number}".encode(), f"PMIX_RANK={rank}".encode()}
        if name == "orrery" and marks <= set(words):
            return int(folder.name)
    raise AssertionError(f"no rank {rank} of job {job.number}")


class LostRankTest(unittest.TestCase):
    def test_the_job_ends_with_one_message_and_the_same_command_goes_on(self):
        jobs = [submit(launcher, out) for out, launcher, *_ in CASES]
        for job, (out, _, rank, number, _, _) in zip(jobs, CASES):
            job.wait_for_file(cluster.folder / out / "snapshots" / "long.h5")
            os.kill(process_of(job, rank), number)
        for job, (out, _, rank, _, code, words) in zip(jobs, CASES):
            with self.subTest(out):
                self.assertEqual(job.wait(), f"FAILED {code}", job.output)
                self.assertRegex(job.output, f"orrery: error: rank {rank} on n[12] .*{words}.* at \\[1/1\\] long, step [1-9]")
                self.assertEqual(job.output.count("orrery: error:"), 1, job.output)
        again = [(submit(launcher, out), out) for out, launcher, *_ in CASES[:2]]
        for job, out in again:
            self.assertEqual(job.wait(), "COMPLETED 0", job.output)
            self.assertRegex(job.output, r"resumes at step [1-9]\d*/400")
        self.assertEqual(cluster.latents_differ(again[0][1], again[1][1], "long"), "")


if __name__ == "__main__":
    unittest.main()
