"""A real Slurm on this machine, two nodes with names of their own, and the jobs that a test submits to it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ORRERY = os.environ.get("ORRERY", "")
HANGS = 1500  # seconds that only what hangs takes, however busy the machine
RUNNING = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED"}


class Job:
    """A job, or one task of an array, that was submitted."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.number = number

    def field(self, name):
        text = self.cluster.command("scontrol", "show", "job", "--oneliner", self.number)
        return re.search(rf"\b{name}=(\S*)", text)[1]

    @property
    def output(self):
        path = pathlib.Path(self.field("StdOut"))
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _until(self, reached, what):
        end = time.monotonic() + HANGS
        while not reached():
            if time.monotonic() > end:
                raise AssertionError(f"job {self.number}: not {what} after {HANGS} s: {self.field('JobState')}\n{self.output}")
            time.sleep(0.1)

    def wait_for_output(self, pattern):
        self._until(lambda: re.search(pattern, self.output), f"saying {pattern}")

    def wait_for_file(self, path):
        self._until(path.exists, f"making {path}")

    def wait(self):
        """The job's end: its state and exit code, as "COMPLETED 0"."""
        self._until(lambda: self.field("JobState") not in RUNNING, "ended")
        return f"{self.field('JobState')} {self.field('ExitCode').split(':')[0]}"


class Cluster:
    """Up from start() to stop(), and not longer than this process lives."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-slurm-"))
        self.state = self.folder / "cluster"
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(self.state / "slurm.conf"),
            "ORRERY_HOME": str(SOURCE),
            "OMP_NUM_THREADS": "1",
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        }

    def start(self):
        self.dev("start", self.state, 2)

    def stop(self):
        self.dev("stop", self.state)
        shutil.rmtree(self.folder)

    def dev(self, *arguments, owner=os.getpid()):
        """tools/slurm_dev.sh; what it starts lives as long as the process `owner`."""
        return self.command(SOURCE / "tools/slurm_dev.sh", *arguments, environment={"WHILE": str(owner)})

    def command(self, *words, environment=None):
        """What a program prints. Not through pipes, which the daemons that it starts would keep open."""
        with tempfile.TemporaryFile("w+") as out:
            ended = subprocess.run([str(word) for word in words], cwd=self.folder, stdout=out, stderr=out, text=True,
                                   env={**self.environment, **(environment or {})}, check=False)
            out.seek(0)
            text = out.read()
        if ended.returncode != 0:
            raise AssertionError(f"{words}: {ended.returncode}: {text}")
        return text

    def submit(self, script, arguments, sbatch=(), **environment):
        number = self.command("sbatch", "--parsable", *sbatch, SOURCE / "slurm" / script, *arguments, environment=environment)
        return self.job(number.strip())

    def job(self, number):
        return Job(self, number)

    def manifest(self, name, clips):
        """A manifest of small clips: (id, more keys)."""
        size = {"num_frames": 5, "height": 32, "width": 32, "steps": 2}
        path = self.folder / name
        path.write_text("".join(json.dumps({"id": key, "prompt": f"clip {key}", **size, **more}) + "\n" for key, more in clips),
                        encoding="utf-8")
        return path

    def options(self, manifest, out, *more):
        """The options of a run on CPUs into a folder of this cluster."""
        return ["--checkpoint", "random:tiny", "--device", "cpu", "--manifest", manifest, "--out", self.folder / out, *more]

    def run_without_slurm(self, options):
        self.command(ORRERY, "run", *options)

    def latents_differ(self, one, other, key):
        """What h5diff finds between the latents of a clip in two runs; empty when they are the same bits."""
        files = [str(self.folder / out / "latents" / f"{key}.h5") for out in (one, other)]
        found = subprocess.run(["h5diff", *files, "/latents/video"], capture_output=True, text=True, check=False)
        return found.stdout + found.stderr

    def results(self, out):
        """The lines of all result files of a run."""
        files = sorted((self.folder / out).glob("results*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]

    def made(self, out, kind, suffix):
        return sorted(path.stem for path in (self.folder / out / kind).glob(f"*{suffix}"))
