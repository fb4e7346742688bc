"""The small world of the trained demonstration checkpoint: pictures and sound of captions.

Captions are those of grammar.py; some of its names are also exported here.

Clips (torch, on any device, in batches):
  scenes(indexes, frames, size, generator)   a Scenes with one row per index; start positions are drawn from `generator` (CPU)
  scenes(...).to(device)
  video(s, frames, size)  float32 (B, 3, frames, H, W) in [-1, 1], rounded to the levels of 8-bit pictures
  sound(s, frames)        float32 (B, 2, samples) in [-1, 1] at 48 kHz; 1920 samples for each step of the sound latent

`size` is (height, width). x grows to the right and y downwards, in pixels. A shape stays wholly inside the picture throughout
a clip, so its direction, speed and size can be read from any two frames.
"""

import math
from typing import NamedTuple

import torch

from grammar import (BACKGROUNDS, CAPTIONS, COLORS, FPS, FRAMES, HALF_HEIGHT, HALF_WIDTH, HELD_OUT, RADII, SAMPLE_RATE,
                     SAMPLES_PER_STEP, SHAPES, SIZES, TONES, TRAIN, Caption, parse, text, velocity)

__all__ = ["CAPTIONS", "FRAMES", "HELD_OUT", "SIZES", "TRAIN", "Caption", "Scenes", "envelope", "parse", "scenes", "sound",
           "sound_steps", "text", "video"]

VOLUME = 0.5
ATTACK, RELEASE, DECAY = 0.03, 0.08, 0.8  # seconds, seconds, nepers per second


class Scenes(NamedTuple):
    """One row per clip. Colours are in [-1, 1], positions in pixels, velocities in pixels per second."""
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
    """The distance from the outline in pixels, negative inside. `shape` and `radius` are (B, 1, 1, 1); x (B, T, 1, W),
    y (B, T, H, 1)."""
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
    angle = (x / s.width[:, None]).clamp(0, 1) * (math.pi / 2)  # constant total power of left and right
    return torch.stack([angle.cos() * tone, angle.sin() * tone], dim=1)
