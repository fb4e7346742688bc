#!/usr/bin/env python3
"""Measures whether, and how well, pictures and sound of the small checkpoint's clips match their captions.

  eval_mini.py --manifest FILE.jsonl OUT [--against OTHER] [--json FILE] [--at-least color=95 …]

OUT is a folder that `orrery run` or `orrery decode` wrote with --keep-frames (or without, if ffmpeg is installed). Prompts that
do not follow the grammar and clips that were not made are skipped, and counted. For a request with an image, the PSNR of
the first frame against it is measured as well. OTHER is another run of the same requests, for example with other options: its
clips are compared with those of OUT one by one.
Exit status: 0, or 1 when a share is below its --at-least or no clip could be measured.
"""

import argparse
import json
import pathlib
import sys

import clip_files
import tables
from deviations import deviations, psnr
from measure import grammar, measure, see
from png import read_pngs


def read_manifest(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def measure_request(request, out, folder):
    """The measurements of a request's clip; None when the prompt does not follow the grammar or the clip is missing."""
    wanted = grammar.parse(request.get("prompt", ""))
    if wanted is None:
        return None
    try:
        frames, sound = clip_files.read_clip(out, request["id"])
    except FileNotFoundError as error:
        print(f"{request['id']}: not there: {error}", file=sys.stderr)
        return None
    seen, fps = see(frames), request.get("fps", grammar.FPS)
    found = measure(seen, fps, sound)
    right = {word: found[word] == getattr(wanted, word) for word in grammar.Caption._fields if word != "tone" or sound is not None}
    far = {name: round(value, 4) for name, value in deviations(seen, frames, fps, sound, wanted).items()}
    result = {"id": request["id"], "prompt": request["prompt"], "found": found, "right": right, "deviations": far}
    if request.get("image"):
        image = read_pngs([folder / request["image"]])[0]
        if image.shape == frames[0].shape:
            result["first_frame_psnr"] = round(psnr(frames[0], image), 2)
    return result


def limit(text):
    word, percent = text.split("=")
    if word not in (*grammar.Caption._fields, "all"):
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(grammar.Caption._fields)}, all")
    return word, float(percent)


def options_of_command():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, required=True)
    parser.add_argument("--against", type=pathlib.Path, metavar="OTHER")
    parser.add_argument("--json", type=pathlib.Path, help="writes every clip's measurements, shares, means and the comparison here")
    parser.add_argument("--at-least", type=limit, action="append", default=[], metavar="WORD=PERCENT")
    parser.add_argument("out", type=pathlib.Path)
    return parser.parse_args()


def main():
    options = options_of_command()
    for folder in filter(None, (options.out, options.against)):
        if not folder.is_dir():
            sys.exit(f"{folder}: no such folder; expected what orrery run --keep-frames wrote")
    requests = read_manifest(options.manifest)
    measured = lambda out: [r for r in (measure_request(q, out, options.manifest.parent) for q in requests) if r]
    results = measured(options.out)
    if not results:
        sys.exit(f"{options.manifest}: none of {len(requests)} requests has a prompt of the grammar and a clip in {options.out}")
    shares = tables.shares(results)
    report = {"shares": shares, "means": tables.means(results), "clips": results}
    tables.print_wrong_words(results)
    tables.print_run(results)
    print(f"{len(results)} of {len(requests)} requests measured")
    if options.against:
        report["against"] = tables.against(results, measured(options.against))
        print(f"{options.out} (here) against {options.against} (there):")
        tables.print_against(report["against"])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    missed = [f"{word} {shares[word]['percent']} % < {least} %" for word, least in options.at_least
              if word not in shares or shares[word]["percent"] < least]
    if missed:
        sys.exit("too few are right: " + ", ".join(missed))


if __name__ == "__main__":
    main()
