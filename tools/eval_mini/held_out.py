#!/usr/bin/env python3
"""Prints a manifest of captions that the small checkpoint was not trained on, one request per line, for `orrery run`.

  held_out.py [--count 200] > held_out.jsonl
  held_out.py --count 24 --images images > images.jsonl

The captions are in random but fixed order, so the first ones are representative, and a longer list begins with the lines of a
shorter one. Sizes and lengths alternate; a request's seed is its position, and its flow_shift the one for the checkpoint. Set
steps, guidance and everything else on the command line of `orrery run`. With --images DIR, a folder beside the manifest, each
clip starts from an image, the first frame of a clip drawn from its caption, which is written to DIR.
Then: orrery run --manifest held_out.jsonl --out OUT --keep-frames …, and eval_mini.py on OUT.
"""

import argparse
import json
import pathlib
import random

import numpy

import ideal
from measure import grammar
from png import write_png

FLOW_SHIFT = 3


def requests(count):
    for i, caption in enumerate(random.Random(1).sample(grammar.HELD_OUT, len(grammar.HELD_OUT))[:count]):
        words = grammar.CAPTIONS[caption]
        height, width = grammar.SIZES[i % 3]
        yield words, {"id": f"held-out-{i:03}", "prompt": grammar.text(words), "num_frames": grammar.FRAMES[i // 3 % 2],
                      "height": height, "width": width, "fps": grammar.FPS, "flow_shift": FLOW_SHIFT, "seed": i, "sound": True}


def first_frame(words, request):
    """uint8 (H, W, 3). The start position is random, but fixed by the request's seed."""
    size, count, fps = (request["height"], request["width"]), request["num_frames"], request["fps"]
    low, high = ideal.middles(words, count, fps, size)
    middle = low + (high - low) * numpy.random.RandomState(request["seed"]).random_sample(2)
    return ideal.frames(words, size, (middle + ideal.path(words, count, fps))[:1])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, choices=range(1, len(grammar.HELD_OUT) + 1), metavar="1…256")
    parser.add_argument("--images", type=pathlib.Path, metavar="DIR")
    options = parser.parse_args()
    if options.images:
        options.images.mkdir(parents=True, exist_ok=True)
    for words, request in requests(options.count):
        if options.images:
            image = options.images / f"{request['id']}.png"
            write_png(image, first_frame(words, request))
            request["image"] = str(image)
        print(json.dumps(request))


if __name__ == "__main__":
    main()
