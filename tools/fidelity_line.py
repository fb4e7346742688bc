"""Prints a JSON line about a comparison: fidelity_line.py WHAT RUN DEVICE COMMAND <COMPARISON (tools/gpu_fidelity.sh calls it).

COMPARISON is the output of `orrery compare --json`, RUN the folder of a run of the same program.
"""

import datetime
import json
import pathlib
import sys


def rounded(value):
    return None if value is None else float(f"{value:.3g}")


def main(what, run, device, command):
    comparison = json.load(sys.stdin)
    software = json.loads((pathlib.Path(run) / "run.json").read_text(encoding="utf-8"))["software"]
    line = {"what": what}
    for name in ("video", "sound", "pictures"):
        if name in comparison:
            line[name] = {key: rounded(comparison[name][key]) for key in ("relative_rms", "max_abs", "psnr")}
    line["device"] = device
    line["versions"] = {key: software[key] for key in ("orrery", "revision", "LibTorch", "CUDA")}
    line["date"] = datetime.date.today().isoformat()
    line["command"] = command
    print(json.dumps(line))


main(*sys.argv[1:])
