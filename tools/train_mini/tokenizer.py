#!/usr/bin/env python3
"""Trains the byte-level BPE tokenizer of the mini checkpoint: tokenizer.py OUT

Writes OUT/text_tokenizer/tokenizer.json: 256 bytes, the merges, five added tokens. Captions dominate the corpus, so that each
of their words is one token; the remaining merges are for the words of orrery's negative prompt.
"""

import argparse
import json
import pathlib
import sys

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers, Regex

import prompts
import world

sys.path.append(str(pathlib.Path(__file__).parents[1]))
import demo_tokenizer  # noqa: E402  (the published tokenizer's pattern and JSON format)

MERGES = 1024 - 256 - len(demo_tokenizer.ADDED)


def corpus():
    for i, words in enumerate(world.CAPTIONS):
        yield prompts.chat(prompts.caption(world.text(words), world.FRAMES[i % 2], world.SIZES[i % 3]))
    for _ in range(100):
        yield prompts.default_negative()
        yield "low quality, blurry, distorted, noisy, wrong colour, wrong motion"


def learn():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(demo_tokenizer.SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])
    trainer = trainers.BpeTrainer(vocab_size=256 + MERGES, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    return json.loads(tokenizer.to_str())["model"]["merges"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    folder = parser.parse_args().out / "text_tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    content = demo_tokenizer.tokenizer_json(learn())
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    print(f"{folder}: {len(content['model']['vocab'])} entries and {len(content['added_tokens'])} added tokens")


if __name__ == "__main__":
    main()
