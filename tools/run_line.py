"""Prints a JSON line about a run: run_line.py NAME STATUS BEGIN END OUT UTILISATION WHAT (tools/gpu_runs.sh calls it).

UTILISATION is a file with nvidia-smi's samples: GPU index, utilisation in percent, MiB in use. A GPU counts as idle in samples
under 5 %. Samples with at most half of the GPU's peak memory belong to loading and are left out.
"""

import json
import pathlib
import sys

IDLE_BELOW = 5  # percent


def gpu_samples(path):
    """{GPU index: [(utilisation in percent, MiB)]}"""
    samples = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            index, busy, used = (int(field) for field in line.split(","))
        except ValueError:
            continue  # the last line may be incomplete
        samples.setdefault(index, []).append((busy, used))
    return samples


def idle_share(samples):
    peak = max(used for _, used in samples)
    working = [busy for busy, used in samples if used > peak / 2]
    return round(sum(busy < IDLE_BELOW for busy in working) / len(working), 3)


def main(name, status, begin, end, out, utilisation, what):
    results = pathlib.Path(out) / "results.jsonl"
    clips = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []
    samples = gpu_samples(pathlib.Path(utilisation))
    line = {
        "what": f"{name}: {what}",
        "exit": int(status),
        "seconds_wall": round(float(end) - float(begin), 1),
        "clips": [{key: clip.get(key) for key in ("id", "status", "error", "seconds", "computed_steps", "peak_memory_bytes", "peak_gpu_memory")} for clip in clips],
        "gpu_memory_mib": {str(gpu): max(used for _, used in values) for gpu, values in samples.items()},
        "gpu_idle_share": {str(gpu): idle_share(values) for gpu, values in samples.items()},
    }
    run = pathlib.Path(out) / "run.json"
    if run.exists():
        line["versions"] = json.loads(run.read_text(encoding="utf-8")).get("software")
    print(json.dumps(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
