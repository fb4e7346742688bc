"""tools/slurm_dev.sh: what it starts it ends, jobs included, also when nobody tells it to."""

import os
import pathlib
import re
import subprocess
import time
import unittest

from cluster import HANGS, SOURCE, Cluster


def processes_of(cluster):
    """Command lines of everything that was started with this cluster's configuration."""
    mark = f"SLURM_CONF={cluster.state}/slurm.conf".encode()
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if folder.name != str(os.getpid()) and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended
            pass
    return found


class SlurmDevTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.stop)

    def wait_until_all_are_gone(self):
        end = time.monotonic() + HANGS
        while processes_of(self.cluster) and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual(processes_of(self.cluster), [])

    def start_sleeping_job(self, setup=""):
        script = self.cluster.folder / "sleep.sh"
        script.write_text(f"#!/bin/bash\n{setup}\nsleep 4321 &\nsrun --mpi=none sleep 4321 &\necho here\nwait\n", encoding="utf-8")
        job = self.cluster.submit(script, [], ["--output", self.cluster.folder / "%j.out"])
        job.wait_for_output("here")

    def test_starts_in_its_folder_and_stops_everything(self):
        self.cluster.start()
        text = (self.cluster.state / "slurm.conf").read_text(encoding="utf-8")
        for path in re.findall(r"[=,](/\S+)", text):
            self.assertTrue(path.startswith(str(self.cluster.state)), path)
        self.start_sleeping_job("trap '' TERM USR1")
        running = " ".join(processes_of(self.cluster))
        for program in ("munged", "slurmctld", "slurmd -N n1", "slurmd -N n2", "sleep 4321"):
            self.assertIn(program, running)
        self.cluster.dev("stop", self.cluster.state)
        self.wait_until_all_are_gone()  # the process that waits for our end looks every half second

    def test_ends_when_the_process_that_it_was_started_for_has_ended(self):
        owner = subprocess.Popen(["sleep", "4321"])
        self.cluster.dev("start", self.cluster.state, 1, owner=owner.pid)
        self.start_sleeping_job()
        owner.kill()
        owner.wait()
        self.wait_until_all_are_gone()

    def test_env_names_the_configuration(self):
        self.assertEqual(self.cluster.dev("env", self.cluster.state), f"export SLURM_CONF={self.cluster.state}/slurm.conf\n")

    def test_says_what_is_wrong(self):
        script = SOURCE / "tools/slurm_dev.sh"
        (self.cluster.state).mkdir()
        (self.cluster.state / "slurm.conf").touch()
        deep = self.cluster.folder / ("d" * 80)
        for arguments, message in [(["start", self.cluster.state], "has a cluster: stop it"), (["start", deep], "path is too long"),
                                   (["start"], "tools/slurm_dev.sh start DIR"), (["begin", self.cluster.state], "stop DIR")]:
            with self.subTest(arguments=arguments):
                ended = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr)


if __name__ == "__main__":
    unittest.main()
