#!/usr/bin/env python3
"""Measures whether long clips of the small checkpoint go on moving where one chunk ends and the next begins.

  seams.py --manifest FILE.jsonl OUT [--json FILE] [--most-gap PIXELS] [--most-change PERCENT]

OUT is what `orrery run --keep-frames` wrote of requests with chunk_frames. At each seam, straight lines are fitted to the
shape's centres in the frames of the chunk that ends and of the one that begins. `gap`: pixels between the two lines in
the middle between the last frame of one and the first of the other; `change`: of the velocity, in percent of the
caption's speed; `step`: how much longer the step over the seam is than the median step, in pixels. Seams where the shape
is not whole inside the picture are counted and left out: this world has nothing beyond its edges.
Exit status: 0, or 1 where a seam is beyond a limit or none could be measured.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys

import numpy

import clip_files
from eval_mini import read_manifest
from measure import grammar, see, velocity

WINDOW = 9      # frames to either side, at most
MARGIN = 1.0    # pixels between the shape and the picture's edge


def seams_of(request):
    """The first frame that each chunk but the first adds, and the one behind its last."""
    frames, chunk, overlap = request["num_frames"], request["chunk_frames"], request.get("chunk_overlap", 5)
    firsts = [begin + overlap for begin in range(chunk - overlap, frames - overlap, chunk - overlap)]
    return list(zip(firsts, firsts[1:] + [frames]))


def is_inside(share):
    """Whether the shape is whole inside the picture in all of these frames."""
    rows, columns = share.max(axis=(0, 2)), share.max(axis=(0, 1))
    edge = int(math.ceil(MARGIN))
    return share.sum((1, 2)).min() > 50 and not (rows[:edge].any() or rows[-edge:].any() or columns[:edge].any() or columns[-edge:].any())


def at(places, fps, frame):
    """Where the line closest to the places is at a frame, counted from the first of them."""
    return places.mean(0) + velocity(places, fps) * ((frame - (len(places) - 1) / 2) / fps)


def measure_seam(frames, fps, speed, begin, first, end):
    begin, end = max(begin, first - WINDOW), min(end, first + WINDOW)
    seen = see(frames[begin:end])
    if seen.share is None or not is_inside(seen.share):
        return None
    before, after = seen.places[:first - begin], seen.places[first - begin:]
    gap = math.dist(at(before, fps, len(before) - 0.5), at(after, fps, -0.5))
    change = math.dist(velocity(before, fps), velocity(after, fps)) / speed * 100
    steps = numpy.hypot(*numpy.diff(seen.places, axis=0).T)
    return {"frame": first, "gap": round(gap, 3), "change": round(change, 2),
            "step": round(float(steps[first - begin - 1] - numpy.median(steps)), 3)}


def measure_clip(request, out):
    caption = grammar.parse(request["prompt"])
    frames, _ = clip_files.read_clip(out, request["id"])
    fps = request.get("fps", grammar.FPS)
    firsts = seams_of(request)
    begins = [0] + [first for first, _ in firsts]
    found = [measure_seam(frames, fps, grammar.SPEEDS[caption.speed], begin, first, end)
             for begin, (first, end) in zip(begins, firsts)]
    return {"id": request["id"], "seams": len(firsts), "outside": found.count(None), "found": [f for f in found if f]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--most-gap", type=float, default=math.inf, metavar="PIXELS")
    parser.add_argument("--most-change", type=float, default=math.inf, metavar="PERCENT")
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    clips = [measure_clip(r, options.out) for r in read_manifest(options.manifest) if "chunk_frames" in r and grammar.parse(r["prompt"])]
    seams = [seam for clip in clips for seam in clip["found"]]
    if not seams:
        sys.exit(f"{options.manifest}: no seam could be measured in {options.out}")
    for clip in clips:
        print(f"{clip['id']}: {clip['seams']} seams, {clip['outside']} outside of the picture")
    for name, unit in (("gap", "pixels"), ("change", "%"), ("step", "pixels")):
        values = [abs(seam[name]) for seam in seams]
        print(f"{name:7}median {statistics.median(values):7.2f}, most {max(values):7.2f} {unit}, {len(values)} seams")
    if options.json:
        options.json.write_text(json.dumps(clips, indent=1) + "\n", encoding="utf-8")
    beyond = [f"frame {s['frame']}: gap {s['gap']}, change {s['change']}" for s in seams
              if s["gap"] > options.most_gap or s["change"] > options.most_change]
    if beyond:
        sys.exit("the motion breaks: " + "; ".join(beyond))


if __name__ == "__main__":
    main()
