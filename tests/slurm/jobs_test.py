"""generate.sbatch and decode.sbatch: jobs that end well, that are refused, that fail, and that wait for each other."""

import os
import time
import unittest

from cluster import ORRERY, Cluster

TWO_BY_TWO = ["--nodes", "2", "--ntasks-per-node", "2"]
CLIPS = [("a", {}), ("b", {"seed": 7})]
BROKEN = [("good", {}), ("bad", {"image": "missing.png"})]

cluster = Cluster()


def setUpModule():
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()


class GenerateTest(unittest.TestCase):
    def test_one_rank_makes_what_the_program_makes_without_slurm(self):
        manifest = cluster.manifest("one.jsonl", CLIPS)
        job = cluster.submit("generate.sbatch", cluster.options(manifest, "one"))
        cluster.run_without_slurm(cluster.options(manifest, "bare"))
        self.assertEqual(job.wait(), "COMPLETED 0", job.output)
        for key in ("a", "b"):
            self.assertEqual(cluster.latents_differ("bare", "one", key), "")
        self.assertEqual(cluster.made("one", "media", ".mp4"), ["a", "b"])

    def test_two_nodes_with_srun_and_mpirun(self):
        manifest = cluster.manifest("nodes.jsonl", CLIPS)
        grid = ["--cfg", "2", "--tp", "2"]
        srun = cluster.submit("generate.sbatch", cluster.options(manifest, "srun", *grid), TWO_BY_TWO)
        self.assertEqual(srun.wait(), "COMPLETED 0", srun.output)
        self.assertIn("on n[1-2]: srun --mpi=pmix --distribution=block --kill-on-bad-exit=1", srun.output)
        mpirun = cluster.submit("generate.sbatch", cluster.options(manifest, "mpirun", *grid), TWO_BY_TWO,
                                ORRERY_LAUNCHER="mpirun --bind-to none")
        self.assertEqual(mpirun.wait(), "COMPLETED 0", mpirun.output)
        self.assertEqual(cluster.latents_differ("srun", "mpirun", "b"), "")

    def test_a_job_file_counts(self):
        manifest = cluster.manifest("file.jsonl", CLIPS)
        job_file = cluster.folder / "two.ini"
        job_file.write_text("cfg = 2\ndevice = cpu\n", encoding="utf-8")
        arguments = ["--job", job_file, "--checkpoint", "random:tiny", "--manifest", manifest, "--out", cluster.folder / "file"]
        job = cluster.submit("generate.sbatch", arguments, ["--ntasks", "2"])
        self.assertEqual(job.wait(), "COMPLETED 0", job.output)

    def test_the_program_is_told_when_the_job_ends(self):
        wrapper = cluster.folder / "wrapper.sh"
        wrapper.write_text(f'#!/bin/sh\necho "ends at $SLURM_JOB_END_TIME, fence $SLURM_PMIX_FENCE"\nexec {ORRERY} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        manifest = cluster.manifest("end.jsonl", CLIPS[:1])
        job = cluster.submit("generate.sbatch", cluster.options(manifest, "end"), ["--time", "30"], ORRERY=wrapper)
        self.assertEqual(job.wait(), "COMPLETED 0", job.output)
        start = time.mktime(time.strptime(job.field("StartTime"), "%Y-%m-%dT%H:%M:%S"))
        self.assertIn(f"ends at {start + 30 * 60:.0f}, fence ring", job.output)

    def test_a_start_that_dies_is_tried_once_more(self):
        """A rank that crashes before it reaches MPI: once, and always. The other one may be ended before it would."""
        manifest = cluster.manifest("crash.jsonl", CLIPS[:1])
        jobs = []
        first_rank = '[ -n "$ORRERY_START_MARK" ] && [ "$SLURM_PROCID" = 0 ]'
        for name, condition in [("once", f"{first_rank} && mkdir died"), ("always", first_rank)]:
            wrapper = cluster.folder / f"crash-{name}.sh"
            wrapper.write_text(f'#!/bin/sh\nif {condition}; then kill -SEGV $$; fi\nexec {ORRERY} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o755)
            options = cluster.options(manifest, f"crash-{name}", "--cfg", "2")
            jobs.append(cluster.submit("generate.sbatch", options, ["--ntasks", "2"], ORRERY=wrapper))
        once, always = jobs
        self.assertEqual(once.wait(), "COMPLETED 0", once.output)
        self.assertRegex(always.wait(), "FAILED 1[34]", always.output)
        for job in jobs:
            self.assertEqual(job.output.count("died at their start"), 1, job.output)

    def test_without_pmix_mpirun_is_taken_and_idle_gpus_are_told(self):
        """Another srun, which knows no PMIx, and a job with more GPUs than ranks."""
        programs = cluster.folder / "bin"
        programs.mkdir()
        (programs / "srun").write_text('#!/bin/sh\n[ "$1" = --mpi=list ] && exec echo none\nexec /usr/bin/srun "$@"\n', encoding="utf-8")
        (programs / "srun").chmod(0o755)
        manifest = cluster.manifest("idle.jsonl", CLIPS[:1])
        job = cluster.submit("generate.sbatch", ["--checkpoint", "random:tiny", "--manifest", manifest, "--out", cluster.folder / "idle"],
                             ["--gpus-per-node", "3"], PATH=f"{programs}:{os.environ['PATH']}")
        self.assertEqual(job.wait(), "COMPLETED 0", job.output)
        self.assertIn("on n1: mpirun --bind-to none -n 1", job.output)
        self.assertIn("2 of each node's 3 GPUs stay idle", job.output)

    def test_the_exit_code_is_the_programs(self):
        manifest = cluster.manifest("broken.jsonl", BROKEN)
        job = cluster.submit("generate.sbatch", cluster.options(manifest, "broken", "--cfg", "2"), ["--ntasks", "2"])
        self.assertEqual(job.wait(), "FAILED 1", job.output)
        self.assertEqual(cluster.made("broken", "media", ".mp4"), ["good"])


class RefusalTest(unittest.TestCase):
    """Everything that is wrong with a job is said at its start, with what to change."""

    def test_what_is_wrong_is_said_and_nothing_is_made(self):
        manifest = cluster.manifest("refused.jsonl", CLIPS)
        on_cpus = cluster.options(manifest, "refused")
        on_gpus = ["--checkpoint", "random:tiny", "--manifest", manifest, "--out", cluster.folder / "refused"]
        lost = ["--checkpoint", cluster.folder / "nowhere", *on_cpus[2:]]
        cases = [
            ("generate.sbatch", [*on_cpus, "--cfg", "2"], [], {}, "takes 2 ranks, this job has 1: sbatch --ntasks 2"),
            ("generate.sbatch", on_gpus, [], {}, "no GPUs: sbatch --gpus-per-node 1, or --device cpu"),
            ("generate.sbatch", [*on_gpus, "--tp", "4"], ["--ntasks", "4", "--gpus-per-node", "2"], {},
             "4 ranks a node but 2 GPUs: sbatch --gpus-per-node 4, or --nodes 2 --ntasks-per-node 2"),
            ("generate.sbatch", lost, [], {}, "nowhere cannot be read on n1: it must lie on"),
            ("generate.sbatch", [*lost, "--cfg", "2"], ["--nodes", "2"], {}, "cannot be read on n1,n2"),
            ("generate.sbatch", [*on_cpus, "--stepz", "3"], [], {}, "--stepz"),
            ("generate.sbatch", on_cpus, [], {"ORRERY": "/missing/orrery"}, "no program /missing/orrery on n"),
            ("generate.sbatch", on_cpus, [], {"ORRERY_HOME": "/missing"}, "/missing has no slurm/common.sh"),
            ("generate.sbatch", [], [], {}, "Makes the clips of a manifest in one job"),
            ("array.sbatch", on_cpus, [], {}, "not an array: sbatch --array"),
            ("decode.sbatch", ["--device", "cpu", cluster.state], [], {}, "no latent files for this job in"),
        ]
        jobs = [cluster.submit(script, arguments, sbatch, **environment) for script, arguments, sbatch, environment, _ in cases]
        for job, (script, arguments, _, _, message) in zip(jobs, cases):
            with self.subTest(script=script, arguments=arguments):
                self.assertEqual(job.wait(), "FAILED 2", job.output)
                self.assertIn(message, job.output)
        self.assertFalse((cluster.folder / "refused").exists())


class ChainTest(unittest.TestCase):
    def chain(self, name, clips):
        """generate.sbatch and, behind it, decode.sbatch."""
        manifest = cluster.manifest(f"{name}.jsonl", clips)
        parent = cluster.submit("generate.sbatch", cluster.options(manifest, name, "--media", "none"))
        arguments = ["--checkpoint", "random:tiny", "--device", "cpu", "--out", cluster.folder / name, cluster.folder / name / "latents"]
        child = cluster.submit("decode.sbatch", arguments, ["--dependency", f"afterok:{parent.number}", "--kill-on-invalid-dep", "yes"])
        return parent, child

    def test_decodes_after_the_run(self):
        parent, child = self.chain("chain", CLIPS)
        self.assertEqual(parent.wait(), "COMPLETED 0", parent.output)
        self.assertEqual(child.wait(), "COMPLETED 0", child.output)
        self.assertEqual(cluster.made("chain", "media", ".mp4"), ["a", "b"])

    def test_is_cancelled_after_a_run_that_failed(self):
        parent, child = self.chain("cut", BROKEN)
        self.assertEqual(parent.wait(), "FAILED 1", parent.output)
        self.assertEqual(child.wait(), "CANCELLED 0")
        self.assertEqual(cluster.made("cut", "media", ".mp4"), [])


if __name__ == "__main__":
    unittest.main()
