#!/usr/bin/env python3
"""Measures `orrery validate` on a large generated manifest, for one program after another, and prints a JSON line for each.

    tools/validate_cost.py [--lines 100000] [--checkpoint inputs/mini] build/bin/orrery [OTHER/bin/orrery …]

The line also has the cost of `--version`, which is mostly that of loading LibTorch. Memory is the maximum resident set size.
"""
import argparse
import json
import os
import pathlib
import platform
import random
import subprocess
import tempfile
import time

WORDS = {
    "quality": "small large red green blue yellow white black quick slow bright dark round flat tall quiet golden".split(),
    "thing": "circle square triangle ball robot arm cup table river bridge forest tower horse boat train lamp".split(),
    "act": "moves rolls slides turns falls rises lifts drops pushes crosses follows leaves enters".split(),
    "place": ["across the frame", "behind the table", "along the wet road", "over the water", "under a grey sky"],
}


def clause(draw):
    word = {kind: draw.choice(words) for kind, words in WORDS.items()}
    return f"a {word['quality']} {draw.choice(WORDS['quality'])} {word['thing']} {word['act']} {word['place']}"


def write_manifest(path, lines):
    draw = random.Random(1)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(lines):
            prompt = f"{clause(draw).capitalize()} while {clause(draw)}, take {i}."
            out.write(json.dumps({"id": f"clip-{i}", "prompt": prompt}) + "\n")


def measured(command):
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ, OMP_NUM_THREADS="1"))
    said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return said, {
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "wall_s": round(time.monotonic() - begin, 2),
        "max_rss_mb": round(usage.ru_maxrss * 1024 / 1e6),
    }


def cpu_model():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return f"{os.cpu_count()} cores of {line.split(':')[1].strip()}"
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--lines", type=int, default=100000)
    parser.add_argument("--checkpoint", default="inputs/mini")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        manifest = pathlib.Path(folder) / "manifest.jsonl"
        write_manifest(manifest, options.lines)
        for program in options.programs:
            version, alone = measured([program, "--version"])
            validate = [program, "validate", "--checkpoint", options.checkpoint, "--manifest", str(manifest)]
            _, cost = measured(validate + ["--width", "128", "--height", "128"])
            revision = next(line.split()[1] for line in version.splitlines() if line.startswith("revision"))
            print(json.dumps({
                "what": f"orrery validate of {options.lines} lines with distinct prompts, {options.checkpoint}",
                **cost, "version_alone": alone, "device": cpu_model(), "revision": revision,
                "date": time.strftime("%Y-%m-%d", time.gmtime()),
                "command": f"tools/validate_cost.py --lines {options.lines}"}), flush=True)


if __name__ == "__main__":
    main()
