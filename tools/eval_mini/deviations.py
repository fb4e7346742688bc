"""Measures how much a clip deviates from its caption, also to compare clips that have all words right.

  deviations(seen, frames, fps, sound, caption)   a dict of MEASURES, without those that do not apply to the clip

`clip` compares all pixels with the nearest clip of the caption: drawn with the caption's shape, colours, size and velocity,
with the middle of its path at the middle of the path that was found.
"""

import math
from typing import NamedTuple

import numpy

import ideal
from measure import grammar, near, silent, spectrum, velocity


class Measure(NamedTuple):
    unit: str
    better: int  # 1: more is better; -1: less is
    meaning: str


MEASURES = {
    "clip": Measure("dB", 1, "PSNR of all frames against the nearest drawn clip of the caption"),
    "outline": Measure("%", -1, "pixels in which the shape differs from the caption's, of its area"),
    "color": Measure("levels", -1, "the shape's colour from the caption's"),
    "background": Measure("levels", -1, "the background from the caption's"),
    "angle": Measure("degrees", -1, "the motion from the caption's direction"),
    "speed": Measure("%", -1, "the motion from the caption's speed"),
    "tone": Measure("%", -1, "power outside of the caption's tone"),
}


def psnr(a, b):
    error = float(numpy.mean((a.astype(float) - b) ** 2))
    return 10 * math.log10(255 ** 2 / max(error, 1e-3))


def offset(caption):
    return ideal.centroid(caption.shape, grammar.RADII[caption.size])


def of_motion(seen, fps, caption):
    found, wanted = velocity(seen.places, fps), numpy.array(grammar.velocity(caption))
    turn = math.atan2(found[1], found[0]) - math.atan2(wanted[1], wanted[0])
    return {"angle": abs(math.degrees(math.remainder(turn, 2 * math.pi))),
            "speed": 100 * abs(math.hypot(*found) / math.hypot(*wanted) - 1)}


def of_shape(seen, caption):
    wanted = ideal.shares(caption.shape, grammar.RADII[caption.size], seen.share.shape[1:], seen.places - offset(caption))
    return {"outline": 100 * float(abs(seen.share - wanted).sum() / wanted.sum()),
            "color": math.dist(seen.color, grammar.COLORS[caption.color])}


def of_tone(sound, caption):
    if sound is None or caption.tone is None or silent(sound):
        return {}
    pitches, power = spectrum(sound)
    return {"tone": 100 * float(1 - power[near(pitches, grammar.TONES[caption.tone])].sum() / power.sum())}


def deviations(seen, frames, fps, sound, caption):
    count, size = len(frames), frames.shape[1:3]
    middle = numpy.array([size[1], size[0]]) / 2 if seen.places is None else seen.places.mean(0) - offset(caption)
    nearest = ideal.frames(caption, size, middle + ideal.path(caption, count, fps))
    found = {"clip": psnr(frames, nearest), "background": math.dist(seen.background, grammar.BACKGROUNDS[caption.background])}
    if seen.share is not None:
        found |= of_shape(seen, caption) | of_motion(seen, fps, caption)
    return found | of_tone(sound, caption)
