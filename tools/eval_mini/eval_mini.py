#!/usr/bin/env python3
"""Measures whether clips of the small checkpoint show and sound what their captions say.

  eval_mini.py --manifest FILE.jsonl OUT [--json FILE] [--at-least color=95 --at-least direction=90 …]

OUT is what `orrery run` or `orrery decode` wrote, with --keep-frames (or, where ffmpeg is installed, without). Prompts of
the manifest that are not of the grammar are left out, and so are clips that were not made; both are counted. Where a
request has an image, the first frame's PSNR against it is measured too.
Exit status: 0, or 1 where a share is below its --at-least or no clip could be measured.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy

import clip_files
from measure import grammar, measure


def read_manifest(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def psnr(a, b):
    error = float(numpy.mean((a.astype(float) - b) ** 2))
    return 10 * math.log10(255 ** 2 / max(error, 1e-3))


def measure_request(request, out, folder):
    """None where the prompt is none of ours or the clip is not there."""
    wanted = grammar.parse(request.get("prompt", ""))
    if wanted is None:
        return None
    try:
        frames, sound = clip_files.read_clip(out, request["id"])
    except FileNotFoundError as error:
        print(f"{request['id']}: not there: {error}", file=sys.stderr)
        return None
    found = measure(frames, request.get("fps", grammar.FPS), sound)
    right = {word: found[word] == getattr(wanted, word) for word in grammar.Caption._fields if word != "tone" or sound is not None}
    result = {"id": request["id"], "prompt": request["prompt"], "found": found, "right": right}
    if request.get("image"):
        image = clip_files.read_png(folder / request["image"])
        if image.shape == frames[0].shape:
            result["first_frame_psnr"] = round(psnr(frames[0], image), 2)
    return result


def summarise(results):
    shares = {}
    for word in grammar.Caption._fields:
        told = [r["right"][word] for r in results if word in r["right"]]
        if told:
            shares[word] = {"right": sum(told), "of": len(told), "percent": round(100 * sum(told) / len(told), 1)}
    whole = sum(all(r["right"].values()) for r in results)
    shares["all"] = {"right": whole, "of": len(results), "percent": round(100 * whole / max(1, len(results)), 1)}
    return shares


def print_table(results, shares):
    for result in results:
        for word in (word for word, right in result["right"].items() if not right):
            print(f"{result['id']}: {word} is {result['found'][word]}: {result['prompt']}")
    for word, share in shares.items():
        print(f"{word:10} {share['right']:4} of {share['of']:4} {share['percent']:6.1f} %")
    first = [r["first_frame_psnr"] for r in results if "first_frame_psnr" in r]
    if first:
        print(f"first frame against the image: mean {sum(first) / len(first):.1f} dB, least {min(first):.1f} dB")


def limit(text):
    word, percent = text.split("=")
    if word not in (*grammar.Caption._fields, "all"):
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(grammar.Caption._fields)}, all")
    return word, float(percent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, help="writes every clip's measurements and the shares here")
    parser.add_argument("--at-least", type=limit, action="append", default=[], metavar="WORD=PERCENT")
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    requests = read_manifest(options.manifest)
    results = [r for r in (measure_request(q, options.out, options.manifest.parent) for q in requests) if r]
    if not results:
        sys.exit(f"{options.manifest}: none of {len(requests)} requests has a prompt of the grammar and a clip in {options.out}")
    shares = summarise(results)
    print_table(results, shares)
    print(f"{len(results)} of {len(requests)} requests measured")
    if options.json:
        options.json.write_text(json.dumps({"shares": shares, "clips": results}, indent=1) + "\n", encoding="utf-8")
    missed = [f"{word} {shares[word]['percent']} % < {least} %" for word, least in options.at_least
              if word not in shares or shares[word]["percent"] < least]
    if missed:
        sys.exit("too few are right: " + ", ".join(missed))


if __name__ == "__main__":
    main()
