"""The grammar of captions of the small world, and the meaning of its words in pixels, seconds and Hz. Plain Python.

  CAPTIONS            all 9216 captions, in a fixed order; a caption is a tuple of words, see Caption
  text(caption)       "A large red circle moves left slowly on a grey background, with a high tone."
  parse(text)         the Caption, or None when the text does not follow the grammar; ignores text after it
  TRAIN, HELD_OUT     indexes into CAPTIONS; the 256 of HELD_OUT are never trained on
"""

import itertools
import math
import random
import re
from typing import NamedTuple

FPS = 24
FRAMES = (17, 33)
SIZES = ((128, 128), (96, 160), (160, 96))
SAMPLE_RATE = 48000
SAMPLES_PER_STEP = 1920

COLORS = {"red": (222, 40, 44), "green": (38, 172, 66), "blue": (44, 92, 232), "yellow": (246, 216, 44),
          "purple": (166, 52, 206), "cyan": (56, 206, 222)}
BACKGROUNDS = {"black": (14, 14, 16), "white": (242, 242, 240), "grey": (128, 128, 130), "brown": (104, 66, 38)}
RADII = {"small": 10.0, "large": 18.0}
DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "up and left": (-1, -1),
              "up and right": (1, -1), "down and left": (-1, 1), "down and right": (1, 1)}
SPEEDS = {"slowly": 15.0, "quickly": 42.0}  # pixels per second
# A step of the sound latent (40 ms) has a whole number of periods, so that a steady tone has a constant latent.
TONES = {"low": 250.0, "medium": 500.0, "high": 1000.0, None: 0.0}
SHAPES = ("circle", "square", "triangle")

# Half the width and height relative to the radius.
HALF_WIDTH = {"circle": 1.0, "square": 0.9, "triangle": 0.9 * 2 / math.sqrt(3)}
HALF_HEIGHT = {"circle": 1.0, "square": 0.9, "triangle": 0.9}


class Caption(NamedTuple):
    size: str
    color: str
    shape: str
    direction: str
    speed: str
    background: str
    tone: str | None


CAPTIONS = [Caption(*words) for words in
            itertools.product(RADII, COLORS, SHAPES, DIRECTIONS, SPEEDS, BACKGROUNDS, TONES)]
HELD_OUT = sorted(random.Random(9).sample(range(len(CAPTIONS)), 256))
TRAIN = sorted(set(range(len(CAPTIONS))) - set(HELD_OUT))


def text(c):
    end = f"with a {c.tone} tone" if c.tone else "without sound"
    return f"A {c.size} {c.color} {c.shape} moves {c.direction} {c.speed} on a {c.background} background, {end}."


PATTERN = re.compile(r"A (\w+) (\w+) (\w+) moves (.+?) (slowly|quickly) on a (\w+) background, "
                     r"(?:with a (\w+) tone|without sound)")
KNOWN = set(CAPTIONS)


def parse(words):
    found = PATTERN.match(words)
    caption = Caption(*found.groups()) if found else None
    return caption if caption in KNOWN else None


def velocity(c):
    x, y = DIRECTIONS[c.direction]
    length = math.hypot(x, y)
    return SPEEDS[c.speed] * x / length, SPEEDS[c.speed] * y / length
