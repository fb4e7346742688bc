"""Finds the words of the caption that a clip of the small world matches, by arithmetic on pixels and samples only.

  see(frames)                finds the shape in a clip, uint8 (T, H, W, 3): a Seen
  measure(seen, fps, sound)  returns a dict of the words of a Caption, None where nothing of the grammar is seen or heard, and
                             of the numbers behind them; sound: float (2, samples) at 48 kHz, or None
"""

import math
from typing import NamedTuple

import numpy

import ideal
from ideal import grammar

FAR = 60.0           # a colour at this distance (RGB levels) or more from all named ones has no name
STILL = 0.5          # a speed below this share of the slow one is no motion
QUIET = 0.01         # an RMS of the samples below this is silence
PITCH_BAND = 0.05    # half width of a tone's band, relative to its pitch
PURE = 0.7           # the share of the energy that must lie in a tone's band


class Seen(NamedTuple):
    background: numpy.ndarray       # (3,) levels
    color: numpy.ndarray | None     # (3,) levels; this and the following members are None when no shape is seen
    share: numpy.ndarray | None     # (T, H, W), the share of each pixel that the shape covers
    places: numpy.ndarray | None    # (T, 2), the shape's centroids in pixels


def nearest_color(rgb, colors):
    name = min(colors, key=lambda c: math.dist(rgb, colors[c]))
    return name if math.dist(rgb, colors[name]) < FAR else None


def coverage(frames, background):
    """The shape's colour, and the share of each pixel that it covers: (T, H, W) in [0, 1]. None, None without a shape."""
    offset = frames.astype(numpy.float32) - background
    distance = numpy.sqrt((offset ** 2).sum(-1))
    strongest = numpy.percentile(distance, 99.5)
    if strongest < 25:
        return None, None
    color = numpy.median(frames[distance > 0.75 * strongest], axis=0)
    direction = color - background
    share = numpy.clip(offset @ direction / (direction @ direction), 0, 1)
    share[share < 0.25] = 0
    return color, share


def outline(share, places):
    """(shape, size, radius) of the shape that differs least from the seen one when drawn with its area at its positions."""
    area = share.sum((1, 2))
    seen = area > 0.25 * numpy.median(area)
    mean = float(numpy.median(area[seen]))
    differences, radii = {}, {shape: math.sqrt(mean / ideal.AREA[shape]) for shape in grammar.SHAPES}
    for shape, radius in radii.items():
        drawn = ideal.shares(shape, radius, share.shape[1:], places[seen] - ideal.centroid(shape, radius))
        differences[shape] = abs(share[seen] - drawn).sum()
    shape = min(differences, key=differences.get)
    size = min(grammar.RADII, key=lambda s: abs(math.log(grammar.RADII[s] / max(radii[shape], 1))))
    return shape, size if 0.6 < radii[shape] / grammar.RADII[size] < 1.6 else None, radii[shape]


def centres(share):
    """(T, 2) centroids: x and y in pixels."""
    mass = numpy.maximum(share.sum((1, 2)), 1e-6)
    rows, columns = numpy.arange(share.shape[1]) + 0.5, numpy.arange(share.shape[2]) + 0.5
    return numpy.stack([share.sum(1) @ columns / mass, share.sum(2) @ rows / mass], axis=1)


def velocity(places, fps):
    """(x, y) in pixels per second, from a straight line fitted to all positions."""
    t = numpy.arange(len(places)) / fps
    t = t - t.mean()
    return (t @ (places - places.mean(0))) / max(t @ t, 1e-9)


def motion(places, fps):
    """(direction, speed, pixels per second)."""
    x, y = velocity(places, fps)
    pace = math.hypot(x, y)
    if pace < STILL * min(grammar.SPEEDS.values()):
        return None, None, pace
    agreement = lambda d: (x * d[0] + y * d[1]) / math.hypot(*d)
    direction = max(grammar.DIRECTIONS, key=lambda name: agreement(grammar.DIRECTIONS[name]))
    return direction, min(grammar.SPEEDS, key=lambda s: abs(math.log(grammar.SPEEDS[s] / pace))), pace


def spectrum(sound):
    """(frequencies in Hz, power), summed over both channels."""
    power = (numpy.abs(numpy.fft.rfft(sound * numpy.hanning(sound.shape[1]), 4 * sound.shape[1])) ** 2).sum(0)
    return numpy.arange(len(power)) * (grammar.SAMPLE_RATE / (4 * sound.shape[1])), power


def near(pitches, pitch):
    return numpy.abs(pitches - pitch) < PITCH_BAND * pitch


def silent(sound):
    return math.sqrt(numpy.mean(sound ** 2)) < QUIET


def tone(sound):
    """(tone, Hz): None and 0 for silence; "other" for a tone that is not in the grammar."""
    if sound is None or silent(sound):
        return None, 0.0
    pitches, power = spectrum(sound)
    peak = float(pitches[power.argmax()])
    for name, pitch in grammar.TONES.items():
        if name and near(peak, pitch) and power[near(pitches, pitch)].sum() > PURE * power.sum():
            return name, peak
    return "other", peak


def panning(sound, places, fps):
    """The correlation of the right channel's share of the power with x; None when there is too little sound or motion."""
    step = int(grammar.SAMPLE_RATE / fps)
    count = min(len(places), sound.shape[1] // step)
    power = (sound[:, :count * step].reshape(2, count, step) ** 2).mean(2)
    loud = power.sum(0) > 1e-5
    if loud.sum() < 4 or numpy.ptp(places[:count, 0][loud]) < 3:
        return None
    return float(numpy.corrcoef(power[1][loud] / power.sum(0)[loud], places[:count, 0][loud])[0, 1])


def see(frames):
    background = numpy.median(frames.reshape(-1, 3), axis=0)
    color, share = coverage(frames, background)
    return Seen(background, color, share, None if share is None else centres(share))


def measure(seen, fps, sound=None):
    name, pitch = tone(sound)
    found = dict.fromkeys(grammar.Caption._fields) | {
        "background": nearest_color(seen.background, grammar.BACKGROUNDS), "tone": name, "pitch_hz": round(pitch, 1)}
    if seen.share is None:
        return found
    shape, size, radius = outline(seen.share, seen.places)
    direction, speed, pace = motion(seen.places, fps)
    found |= {"color": nearest_color(seen.color, grammar.COLORS), "shape": shape, "size": size, "direction": direction,
              "speed": speed, "radius": round(radius, 2), "pixels_per_second": round(pace, 2)}
    if sound is not None and name not in (None, "other"):
        found["panning"] = panning(sound, seen.places, fps)
    return found
