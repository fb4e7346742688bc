#!/usr/bin/env python3
"""Prints a manifest of captions that the small checkpoint was not trained on, one request a line, for `orrery run`.

  held_out.py [--count 200] > held_out.jsonl

Sizes and lengths take turns; a request's seed is its place in the list. Steps, guidance and all else are the command
line's of `orrery run`. Then: orrery run --manifest held_out.jsonl --out OUT --keep-frames …, and eval_mini.py on OUT.
"""

import argparse
import json

from measure import grammar


def requests(count):
    step = len(grammar.HELD_OUT) / count
    for i in range(count):
        words = grammar.CAPTIONS[grammar.HELD_OUT[int(i * step)]]
        height, width = grammar.SIZES[i % 3]
        yield {"id": f"held-out-{i:03}", "prompt": grammar.text(words), "num_frames": grammar.FRAMES[i // 3 % 2],
               "height": height, "width": width, "fps": grammar.FPS, "seed": i, "sound": True}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, choices=range(1, len(grammar.HELD_OUT) + 1), metavar="1…256")
    for request in requests(parser.parse_args().count):
        print(json.dumps(request))


if __name__ == "__main__":
    main()
