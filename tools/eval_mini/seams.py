#!/usr/bin/env python3
"""Measures whether the motion in long clips of the small checkpoint is continuous from one chunk to the next.

  seams.py --manifest FILE.jsonl OUT [--json FILE] [--most-gap PIXELS] [--most-change PERCENT]

OUT is the folder of `orrery run --keep-frames` with requests that have chunk_frames. At each seam, straight lines are fitted
to the shape's centroids in the last frames of one chunk and in the first frames of the next. `gap` is the distance of the two
lines, in pixels, midway between the last frame of one chunk and the first of the next; `change` that of the velocities, in
percent of the caption's speed; `step` the length of the step over the seam minus the median step, in pixels. Seams where the
shape is not wholly inside the picture are counted but not measured, since this world has nothing beyond the picture's edges.
Exit status: 0, or 1 when a seam exceeds a limit or none could be measured.
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

WINDOW = 9      # maximum number of frames on either side
MARGIN = 1.0    # least distance of the shape from the picture's edge, in pixels


def seams_of(request):
    """For each chunk except the first, the first frame that it adds and the one after its last."""
    frames, chunk, overlap = request["num_frames"], request["chunk_frames"], request.get("chunk_overlap", 5)
    firsts = [begin + overlap for begin in range(chunk - overlap, frames - overlap, chunk - overlap)]
    return list(zip(firsts, firsts[1:] + [frames]))


def is_inside(share):
    """Whether the shape is wholly inside the picture in all of these frames."""
    rows, columns = share.max(axis=(0, 2)), share.max(axis=(0, 1))
    edge = int(math.ceil(MARGIN))
    return share.sum((1, 2)).min() > 50 and not (rows[:edge].any() or rows[-edge:].any() or columns[:edge].any() or columns[-edge:].any())


def at(places, fps, frame):
    """The position at a frame, counted from the first, on the line fitted to all positions."""
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
