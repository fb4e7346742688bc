#!/usr/bin/env python3
"""Measures what faster variants lose: compares the runs of step_cache.sh and eight_bits.sh with the exact run, clip by clip.

  against_exact.py OUT --manifest held_out.jsonl --rows FILE [--device WORDS] [--command WORDS]
                                                                    prints a table; OUT/FILE gets its rows
  against_exact.py --plain RUN --manifest held_out.jsonl            prints the manifest with as many steps as RUN computed

OUT has the run `exact` (all steps, float32) and others, of which plain-T has as many steps as cache-T computed. Right words
are counted as in eval_mini.py, from frames and sound. PSNR is that of the frames and relative RMS that of the latents, between
a clip and the same clip in `exact`: means over clips with standard errors. A sign test of cache-T and plain-T counts the clips
in which each is nearer to `exact`; a threshold is useful if the cache is.
"""

import argparse
import concurrent.futures
import datetime
import functools
import json
import math
import pathlib

import h5py
import numpy

import clip_files
import paired
import tables
from deviations import psnr
from eval_mini import measure_request, read_manifest


def results(run):
    """The last line of each clip in a run's results, by id."""
    lines = [line for path in run.glob("results*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["id"]: line for line in map(json.loads, lines) if line["status"] == "done"}


def computed(line):
    """The number of steps whose layers were computed; all steps when the run had no step cache."""
    return line.get("computed_steps", line["request"]["steps"])


def plain_manifest(run, requests):
    found = results(run)
    for request in requests:
        plain = {key: value for key, value in request.items() if not key.startswith("step_cache")}
        print(json.dumps(plain | {"steps": computed(found[request["id"]])}))


def latents(run, clip, part):
    with h5py.File(run / "latents" / f"{clip}.h5", "r") as file:
        return file[f"/latents/{part}"][()].astype(float) if f"/latents/{part}" in file else None


def relative_rms(run, exact, clip, part):
    found, wanted = latents(run, clip, part), latents(exact, clip, part)
    return None if wanted is None else float(numpy.sqrt(((found - wanted) ** 2).mean() / (wanted ** 2).mean()))


def distance(run, exact, clip):
    """The distances of a clip from the same clip in `exact`."""
    frames = clip_files.read_clip(run, clip)[0], clip_files.read_clip(exact, clip)[0]
    return {"psnr": psnr(*frames)} | {part: relative_rms(run, exact, clip, part) for part in ("video", "sound")}


def mean(values):
    values = [value for value in values if value is not None]
    return dict(zip(("mean", "standard_error"), (round(x, 4) for x in paired.mean_and_error(values)))) if values else None


def row_of(pool, run, requests, folder):
    every = pool.map(functools.partial(measure_request, out=run, folder=folder), requests, chunksize=8)
    measured = [found for found in every if found]
    lines = results(run)
    return {"run": run.name, "clips": len(measured), "computed_steps": mean([computed(lines[r["id"]]) for r in requests]),
            "denoise_seconds": mean([lines[r["id"]]["seconds"].get("denoise") for r in requests]),
            "right": {word: share["percent"] for word, share in tables.shares(measured).items()}}


def rows(pool, out, requests):
    exact, ids = out / "exact", [request["id"] for request in requests]
    yield row_of(pool, exact, requests, out)
    far = {}
    for run in sorted(path for path in out.iterdir() if path.is_dir() and path != exact and results(path)):
        far[run.name] = dict(zip(ids, pool.map(functools.partial(distance, run, exact), ids, chunksize=8)))
        row = row_of(pool, run, requests, out) | {name: mean([far[run.name][i][name] for i in ids]) for name in ("psnr", "video", "sound")}
        yield row
    for name in [name for name in far if name.startswith("cache-") and name.replace("cache", "plain", 1) in far]:
        plain = far[name.replace("cache", "plain", 1)]
        against = lambda part, better: paired.compare(*zip(*((far[name][i][part], plain[i][part]) for i in ids)), better)
        yield {"run": name, "against": name.replace("cache", "plain", 1), "psnr": against("psnr", 1), "video": against("video", -1)}


def number(value, digits):
    return "" if value is None or math.isnan(value["mean"]) else f"{value['mean']:.{digits}f} ± {value['standard_error']:.{digits}f}"


def print_table(found):
    print("| run | computed steps | denoise, s | words right, % | clips all right, % | PSNR, dB | latents, relative RMS | sound |")
    print("|---|---|---|---|---|---|---|---|")
    for row in (row for row in found if "against" not in row):
        words = [share for word, share in row["right"].items() if word != "all"]
        print(f"| {row['run']} | {number(row['computed_steps'], 1)} | {number(row['denoise_seconds'], 2)} | {sum(words) / len(words):.1f} "
              f"| {row['right']['all']:.1f} | {number(row.get('psnr'), 2)} | {number(row.get('video'), 3)} | {number(row.get('sound'), 3)} |")
    print()
    for row in (row for row in found if "against" in row):
        difference, better = row["psnr"], row["video"]
        print(f"{row['run']} nearer than {row['against']} in {difference['better']} of {difference['of']} clips' frames "
              f"({difference['mean_difference']:+.2f} ± {difference['standard_error']:.2f} dB, p {difference['p']:.2g}), "
              f"{better['better']} of {better['of']} latents (p {better['p']:.2g})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, nargs="?")
    parser.add_argument("--plain", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--manifest", type=pathlib.Path, required=True)
    parser.add_argument("--device", default="CPU, float32")
    parser.add_argument("--rows", default="rows.jsonl", metavar="FILE")
    parser.add_argument("--command", default="")
    options = parser.parse_args()
    requests = read_manifest(options.manifest)
    if options.plain:
        return plain_manifest(options.plain, requests)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        found = list(rows(pool, options.out, requests))
    print_table(found)
    machine = {"device": options.device, "date": datetime.date.today().isoformat(), "command": options.command}
    with open(options.out / options.rows, "w", encoding="utf-8") as file:
        for row in found:
            file.write(json.dumps(row | machine, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
