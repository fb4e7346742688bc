"""Draws the clip of a caption, as train_mini/world.py does, but one clip at a time and in numpy.

  shares(shape, radius, size, centres)   (T, H, W), the share of each pixel that the shape covers; centres (T, 2) x, y in pixels
  frames(caption, size, centres)         uint8 (T, H, W, 3)
  centroid(shape, radius)                (2,), the centroid of the shape's area relative to its centre
  path(caption, count, fps)              (T, 2), the shape's positions relative to the middle of its path, in pixels
"""

import math
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "train_mini"))
import grammar  # noqa: E402

AREA = {"circle": math.pi, "square": 1.8 ** 2, "triangle": 1.8 ** 2 / math.sqrt(3)}  # for radius 1


def distance(shape, radius, x, y):
    """The distance from the outline in pixels, negative inside."""
    if shape == "circle":
        return numpy.sqrt(x ** 2 + y ** 2) - radius
    if shape == "square":
        return numpy.maximum(abs(x), abs(y)) - 0.9 * radius
    return numpy.maximum(math.sqrt(3) / 2 * abs(x) - 0.5 * y - 0.45 * radius, y - 0.9 * radius)


def shares(shape, radius, size, centres):
    x = numpy.arange(size[1])[None, None, :] + 0.5 - centres[:, 0, None, None]
    y = numpy.arange(size[0])[None, :, None] + 0.5 - centres[:, 1, None, None]
    return numpy.clip(0.5 - distance(shape, radius, x, y), 0, 1)


def frames(caption, size, centres):
    color, background = (numpy.array(c, float) for c in (grammar.COLORS[caption.color], grammar.BACKGROUNDS[caption.background]))
    covered = shares(caption.shape, grammar.RADII[caption.size], size, centres)
    return (background + covered[..., None] * (color - background)).round().astype(numpy.uint8)


def centroid(shape, radius):
    # A triangle's centre is at half its height, which is 1.8 radii; its centroid is two thirds down.
    return numpy.array([0, 0.3 * radius if shape == "triangle" else 0])


def path(caption, count, fps):
    seconds = (numpy.arange(count) - (count - 1) / 2) / fps
    return seconds[:, None] * numpy.array(grammar.velocity(caption))


def middles(caption, count, fps, size):
    """The least and greatest (x, y) of the middle of a path that keeps the shape inside the picture in every frame."""
    radius = grammar.RADII[caption.size]
    half = radius * numpy.array([grammar.HALF_WIDTH[caption.shape], grammar.HALF_HEIGHT[caption.shape]]) + 0.5
    reach = abs(path(caption, count, fps)).max(0)
    return half + reach, numpy.array([size[1], size[0]]) - half - reach
