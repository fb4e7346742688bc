#!/usr/bin/env python3
"""Prints the results in evaluate.sh's folder as lines of tools/results/mini_checkpoint.jsonl.

  result_lines.py OUT [--device WORDS]
"""

import argparse
import datetime
import json
import pathlib

HELD_OUT = "held-out captions of 17 and 33 frames, right in percent by tools/eval_mini; means with standard errors"
IMAGES = "from an image, the drawn first frame of held-out captions, right in percent by tools/eval_mini; PSNR of the first frame"
GUIDANCE = "guidance 6 against guidance 1, the same held-out captions and seeds, clip by clip; p: of the signs, by chance"
NEGATIVE = "another negative prompt against the built-in one, relative RMS of the latents, mean of all clips"
SETTINGS = {"flow_shift": 3, "steps": 35}


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def short(numbers):
    return {key: round(value, 4) if key != "p" else float(f"{value:.2g}") for key, value in numbers.items() if key != "unit"}


def of_run(found):
    return {"clips": len(found["clips"]), "right": {word: share["percent"] for word, share in found["shares"].items()},
            "means": {name: short(mean) for name, mean in found["means"].items()}}


def of_images(found):
    psnr = [clip["first_frame_psnr"] for clip in found["clips"]]
    return of_run(found) | {"psnr_mean": round(sum(psnr) / len(psnr), 2), "psnr_min": min(psnr),
                            "psnr_28_or_more": sum(p >= 28 for p in psnr)}


def of_pairs(found):
    return {"clips": len(found["clips"]), "words": {word: short(counts) for word, counts in found["against"]["words"].items()},
            "deviations": {name: short(row) for name, row in found["against"]["deviations"].items()}}


def of_negative(lines):
    rows = [json.loads(line) for line in lines]
    mean = lambda part: round(sum(row[part]["relative_rms"] for row in rows) / len(rows), 3)
    return {"clips": len(rows), "video": mean("video"), "sound": mean("sound"),
            "video_min": round(min(row["video"]["relative_rms"] for row in rows), 3)}


def lines_of(out):
    with_guidance = read(out / "guidance-6.json")
    yield HELD_OUT, {"guidance_scale": 6} | of_run(with_guidance)
    yield HELD_OUT, {"guidance_scale": 1} | of_run(read(out / "guidance-1.json"))
    yield GUIDANCE, of_pairs(with_guidance)
    yield IMAGES, {"guidance_scale": 6} | of_images(read(out / "from-images.json"))
    yield NEGATIVE, {"guidance_scale": 6} | of_negative((out / "negative.compared").read_text(encoding="utf-8").splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--device", default="CPU, float32")
    options = parser.parse_args()
    machine = {"device": options.device, "date": datetime.date.today().isoformat(), "command": "tools/eval_mini/evaluate.sh"}
    for what, found in lines_of(options.out):
        print(json.dumps({"what": what} | SETTINGS | found | machine, ensure_ascii=False))


if __name__ == "__main__":
    main()
