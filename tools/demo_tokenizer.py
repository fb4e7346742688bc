"""Trains a small byte-level BPE tokenizer on the sentences below, in the JSON format of the published one."""

import collections
import re

ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
SPLIT = ("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
         "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")
SENTENCES = """
A robot arm picks up a red cube from the table and places it into the blue box.
The robot gripper closes around the handle, lifts the cup and sets it down on the shelf.
A car drives along a wet road at night while the street lights reflect in the puddles.
The camera follows a white car that turns left at the crossing and stops for people on foot.
A humanoid robot walks through a warehouse, past rows of shelves, and stacks the cardboard boxes.
Water pours slowly into a clear glass and the light of the morning moves across the wooden table.
A drone flies over the green forest and the river, and the camera turns toward the mountains.
Two arms fold a grey towel with slow, careful motion; the background stays still and in focus.
The truck in front brakes, the distance between the cars becomes smaller, and the driver changes lanes.
Smoke rises from the chimney of a small house in the snow, and clouds move over the sky.
A worker in a yellow helmet opens the door of the factory and walks between the machines.
A ball rolls down the ramp, hits the stack of blocks and the blocks fall onto the floor.
The video is 7.9 seconds long and is of 24 FPS. This video is of 720x1280 resolution.
The scene is lit by soft daylight, with realistic colours, sharp detail and natural motion.
The picture is blurry, distorted, low quality, with artifacts, jitter, flicker and wrong motion.
user assistant caption description subject background action camera style lighting
"""


def byte_symbols():
    """The printable character for each byte, in the order of the published ids."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def merge(word, pair):
    merged, i = [], 0
    while i < len(word):
        if word[i:i + 2] == pair:
            merged.append(word[i] + word[i + 1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)


def learn(count):
    """The first `count` merges, each of the most frequent pair; ties are broken by spelling, so that all runs agree."""
    symbols = byte_symbols()
    words = collections.Counter(re.findall(r" ?[A-Za-z]+|\d| ?[^\sA-Za-z\d]+", SENTENCES))
    words = {tuple(symbols[byte] for byte in word.encode()): n for word, n in words.items()}
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {merge(word, best): n for word, n in words.items()}
    return merges


def tokenizer_json(merges):
    """The content of tokenizer.json. The ids are, in order, 256 bytes, merges, added tokens."""
    vocab = [*byte_symbols().values(), *(a + b for a, b in merges)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    added = [{"id": len(vocab) + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for i, text in enumerate(ADDED)]
    split = {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(vocab)}, "merges": [list(pair) for pair in merges]},
    }


def tokenizer():
    return tokenizer_json(learn(400))
