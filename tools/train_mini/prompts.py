"""Turns prompts into token ids as orrery does: adds sentences about the clip, applies the chat template, tokenizes."""

import json
import pathlib

from tokenizers import Tokenizer

FPS = 24


def caption(prompt, frames, size):
    """The caption of a plain-text prompt with orrery's `native` semantics. `size` is (height, width)."""
    text = prompt.strip().rstrip(".") + f". The video is {frames / FPS:.1f} seconds long and is of {FPS:.0f} FPS."
    return text.rstrip(".") + f". This video is of {size[0]}x{size[1]} resolution."


def negative_caption(negative, frames, size):
    return caption(negative, frames, size).lstrip(". ")


def default_negative():
    """Orrery's default negative prompt."""
    path = pathlib.Path(__file__).parents[2] / "inputs/negative_prompt.json"
    return json.dumps(json.loads(path.read_text(encoding="utf-8")))


def chat(text):
    return f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


class Prompts:
    """Turns texts into token ids with a tokenizer.json."""

    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.tail = [self.tokenizer.token_to_id(token) for token in ("<|im_end|>", "<|vision_start|>")]

    def __call__(self, text):
        return self.tokenizer.encode(chat(text), add_special_tokens=False).ids + self.tail
