#!/usr/bin/env python3
"""Assembles the trained parts to a checkpoint in the published layout: assemble.py CODECS TRANSFORMER OUT

CODECS has vae/ and sound_tokenizer/, TRANSFORMER has transformer/ and text_tokenizer/, as the stages wrote them. Only the
decoder of the sound codec is kept, since orrery makes sound but never encodes it.
"""

import argparse
import json
import pathlib
import shutil
import sys

from safetensors.torch import load_file, save_file

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from make_checkpoint import SCHEDULER_CONFIG  # noqa: E402

WEIGHTS = "diffusion_pytorch_model.safetensors"
LIMIT = 20e6  # maximum size of the weights [bytes]


def component(source, target, unread=()):
    target.mkdir(parents=True)
    shutil.copy(source / "config.json", target)
    tensors = {name: tensor.bfloat16() for name, tensor in load_file(source / WEIGHTS).items()
               if not name.startswith(tuple(unread))}
    save_file(tensors, target / WEIGHTS, metadata={"format": "pt"})
    return (target / WEIGHTS).stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("codecs", "transformer", "out"):
        parser.add_argument(name, type=pathlib.Path)
    options = parser.parse_args()
    size = component(options.transformer / "transformer", options.out / "transformer")
    size += component(options.codecs / "vae", options.out / "vae")
    size += component(options.codecs / "sound_tokenizer", options.out / "sound_tokenizer", ("encoder.",))
    shutil.copytree(options.transformer / "text_tokenizer", options.out / "text_tokenizer")
    (options.out / "scheduler").mkdir()
    (options.out / "scheduler/scheduler_config.json").write_text(json.dumps(SCHEDULER_CONFIG, indent=2) + "\n",
                                                                 encoding="utf-8")
    print(f"{options.out}: {size / 1e6:.1f} MB of weights")
    if size > LIMIT:
        sys.exit(f"{options.out}: more than {LIMIT / 1e6:.0f} MB of weights")


if __name__ == "__main__":
    main()
