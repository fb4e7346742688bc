"""Prints the lines of tools/scaling.sh as a table: scaling_table.py FILE

s/video is the time of 35 steps and an exact decode. The efficiency is one rank's time divided by the sum of all ranks' times.
"waits" is the share of a step's time spent waiting for collectives. "hidden" is the share of the all-reduces' time, measured
alone, that a step does not wait for.
"""

import json
import sys

STEPS = 35
COLUMNS = ["model", "size", "cfg", "sp", "tp", "step ms", "decode ms", "tiles ms", "s/video", "efficiency", "waits", "hidden", "step GB", "decode GB"]


class Topology:
    def __init__(self):
        self.step = self.memory = self.sum_alone = None
        self.waited = self.sums = 0


def is_wait(name):
    return name.endswith(("wait for sum", "begin sum", "all-reduce", "all-gather", "all-to-all"))


def read(path):
    """({(model, size, cfg, sp, tp): Topology}, {(model, size, ranks): {split: (ms, bytes)}})"""
    topologies, decodes = {}, {}
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            clip, ranks = (line["model"], f"{line['size']}/{line['frames']}"), line["topology"]
            if line["what"] == "vae" and line["name"].startswith("clip"):
                decodes.setdefault((*clip, ranks["ranks"]), {})[line["vae_split"]] = (line["median_ms"], line.get("peak_memory"))
            topology = topologies.setdefault((*clip, ranks["cfg"], ranks.get("sp", 1), ranks["tp"]), Topology())
            if line["what"] == "step" and line["name"] == "step":
                topology.step, topology.memory = line["median_ms"], line.get("peak_memory")
            if line["what"] == "step" and line["name"].startswith("phase: ") and is_wait(line["name"]):
                topology.waited += line["median_ms"]
                topology.sums += line["calls"] if line["name"].endswith("wait for sum") else 0
            if line["what"] == "collectives" and line["name"].startswith(("asynchronous sums", "sums behind")):
                topology.sum_alone = line["median_ms"]
    return topologies, decodes


def seconds(topology, decode):
    return (STEPS * topology.step + decode[0]) / 1e3


def gigabytes(count):
    return f"{count / 1e9:.1f}" if count else ""


def row(key, topology, topologies, decodes):
    model, size, cfg, sp, tp = key
    ranks = cfg * sp * tp
    exact = decodes[model, size, ranks]["exact"]
    tiles = decodes[model, size, ranks].get("tiles")
    alone = seconds(topologies[model, size, 1, 1, 1], decodes[model, size, 1]["exact"])
    taken = seconds(topology, exact)
    by_sums = topology.sums * topology.sum_alone if topology.sum_alone else 0
    return [model.split(":")[-1], size, cfg, sp, tp, f"{topology.step:.1f}", f"{exact[0]:.1f}", f"{tiles[0]:.1f}" if tiles else "", f"{taken:.2f}",
            f"{100 * alone / (ranks * taken):.1f} %", f"{100 * topology.waited / topology.step:.1f} %",
            f"{100 * max(0, 1 - topology.waited / by_sums):.0f} %" if by_sums else "", gigabytes(topology.memory), gigabytes(exact[1])]


def main(path):
    topologies, decodes = read(path)
    rows = [COLUMNS]
    for key, topology in topologies.items():
        try:
            rows.append(row(key, topology, topologies, decodes))
        except (KeyError, TypeError):
            rows.append([*map(str, key), "not measured"])  # a run failed, as the script's output says
    widths = [max(len(str(cells[i])) for cells in rows if i < len(cells)) for i in range(len(COLUMNS))]
    for cells in rows:
        print("  ".join(str(cell).rjust(width) for cell, width in zip(cells, widths)))


if __name__ == "__main__":
    main(sys.argv[1])
