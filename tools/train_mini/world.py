"""The small world of the trained demonstration checkpoint: what a caption says, how it looks and how it sounds.

Captions (plain Python):
  CAPTIONS                all 9216 of them, in a fixed order; a caption is a tuple of words, see Caption
  text(caption)           "A large red circle moves left slowly on a grey background, with a high tone."
  parse(text)             the Caption again, or None where the text is not of the grammar; what follows it is ignored
  TRAIN, HELD_OUT         indexes into CAPTIONS; the 256 of HELD_OUT are never trained on

Clips (torch, on any device, a batch at a time):
  scenes(indexes, frames, size, generator)   a Scenes of one row per index: start places are drawn from `generator` (CPU)
  scenes(...).to(device)
  video(s, frames, size)  float32 (B, 3, frames, H, W) in [-1, 1], on the 255 levels that an 8-bit picture has
  sound(s, frames)        float32 (B, 2, samples) in [-1, 1] at 48 kHz; 1920 samples for each step of the sound latent

`size` is (height, width). x grows to the right and y downwards, in pixels. A shape stays whole inside the picture for
all of a clip, so its direction, speed and size can be read from any two frames.
"""

import itertools
import math
import random
import re
from typing import NamedTuple

import torch

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
# Whole periods in a step of the sound latent (40 ms), so that a steady tone is a steady latent.
TONES = {"low": 250.0, "medium": 500.0, "high": 1000.0, None: 0.0}
SHAPES = ("circle", "square", "triangle")

VOLUME = 0.5
ATTACK, RELEASE, DECAY = 0.03, 0.08, 0.8  # seconds, seconds, nepers per second
# Half extents over the radius: a triangle is a little wider than the others.
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


class Scenes(NamedTuple):
    """One row per clip. Colours are in [-1, 1]; places in pixels, speeds in pixels per second."""
    shape: torch.Tensor       # (B,) index into SHAPES
    color: torch.Tensor       # (B, 3)
    background: torch.Tensor  # (B, 3)
    radius: torch.Tensor      # (B,)
    start: torch.Tensor       # (B, 2) x, y of the centre in the first frame
    velocity: torch.Tensor    # (B, 2)
    pitch: torch.Tensor       # (B,) Hz, 0 for silence
    width: torch.Tensor       # (B,) of the picture, for panning

    def to(self, device):
        return Scenes(*(t.to(device, non_blocking=True) for t in self))


def velocity(c):
    x, y = DIRECTIONS[c.direction]
    length = math.hypot(x, y)
    return SPEEDS[c.speed] * x / length, SPEEDS[c.speed] * y / length


def scenes(indexes, frames, size, generator):
    captions = [CAPTIONS[i] for i in indexes]
    rgb = lambda colours: torch.tensor(colours, dtype=torch.float32) / 127.5 - 1
    radius = torch.tensor([RADII[c.size] for c in captions])
    half = radius[:, None] * torch.tensor([[HALF_WIDTH[c.shape], HALF_HEIGHT[c.shape]] for c in captions])
    speed = torch.tensor([velocity(c) for c in captions])
    path = speed * ((frames - 1) / FPS)
    low = half + 0.5 - path.clamp(max=0)
    high = torch.tensor([size[1], size[0]], dtype=torch.float32) - half - 0.5 - path.clamp(min=0)
    start = low + (high - low) * torch.rand(low.shape, generator=generator)
    return Scenes(torch.tensor([SHAPES.index(c.shape) for c in captions]), rgb([COLORS[c.color] for c in captions]),
                  rgb([BACKGROUNDS[c.background] for c in captions]), radius, start, speed,
                  torch.tensor([TONES[c.tone] for c in captions]), torch.full_like(radius, size[1]))


def distance(shape, radius, x, y):
    """Pixels from the outline, negative inside. `shape` and `radius` are (B, 1, 1, 1); x (B, T, 1, W), y (B, T, H, 1)."""
    square = torch.maximum(x.abs(), y.abs()) - 0.9 * radius
    slope = math.sqrt(3) / 2  # an upright equilateral triangle: two slanted sides and the lower one
    triangle = torch.maximum(slope * x.abs() - 0.5 * y - 0.45 * radius, y - 0.9 * radius)
    return torch.where(shape == 0, torch.sqrt(x * x + y * y) - radius, torch.where(shape == 1, square, triangle))


def video(s, frames, size):
    device, seconds = s.radius.device, torch.arange(frames, device=s.radius.device) / FPS
    centre = s.start[:, None] + s.velocity[:, None] * seconds[:, None]  # (B, T, 2)
    x = torch.arange(size[1], device=device) + 0.5 - centre[..., 0, None]
    y = torch.arange(size[0], device=device) + 0.5 - centre[..., 1, None]
    wide = lambda t: t[:, None, None, None]
    inside = (0.5 - distance(wide(s.shape), wide(s.radius), x[:, :, None, :], y[:, :, :, None])).clamp(0, 1)
    pixels = s.background[:, :, None, None, None] + inside[:, None] * (s.color - s.background)[:, :, None, None, None]
    return ((pixels + 1) * 127.5).round() / 127.5 - 1


def sound_steps(frames):
    return math.ceil(frames / FPS * SAMPLE_RATE / SAMPLES_PER_STEP)


def envelope(frames, device=None):
    """(samples,): a short attack, a slow decay, and a release that ends with the last frame."""
    t = torch.arange(sound_steps(frames) * SAMPLES_PER_STEP, device=device) / SAMPLE_RATE
    rise = (t / ATTACK).clamp(0, 1)
    fall = ((frames / FPS - t) / RELEASE).clamp(0, 1)
    return (0.5 - 0.5 * torch.cos(math.pi * rise)) * (0.5 - 0.5 * torch.cos(math.pi * fall)) * torch.exp(-DECAY * t)


def sound(s, frames):
    loudness = VOLUME * envelope(frames, s.radius.device)
    t = torch.arange(len(loudness), device=s.radius.device) / SAMPLE_RATE
    tone = torch.sin((2 * math.pi) * torch.frac(s.pitch[:, None] * t)) * loudness  # (B, samples)
    x = s.start[:, :1] + s.velocity[:, :1] * t.clamp(max=(frames - 1) / FPS)
    angle = (x / s.width[:, None]).clamp(0, 1) * (math.pi / 2)  # left and right keep the power together
    return torch.stack([angle.cos() * tone, angle.sin() * tone], dim=1)
