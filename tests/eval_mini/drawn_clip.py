"""Draws a clip of a caption without the trainer's code: shapes from many points a pixel, files as orrery leaves them."""

import struct
import zlib

import numpy

FINE = 3                       # points along each side of a pixel
SIZE, FRAMES, FPS = (96, 128), 9, 24


def inside(shape, x, y, radius):
    if shape == "circle":
        return x ** 2 + y ** 2 < radius ** 2
    if shape == "square":
        return (abs(x) < 0.9 * radius) & (abs(y) < 0.9 * radius)
    return (y < 0.9 * radius) & (y > -0.9 * radius + 3 ** 0.5 * abs(x))


def frame(caption, grammar, centre):
    points = lambda length: (numpy.arange(length * FINE) + 0.5) / FINE
    x, y = points(SIZE[1])[None] - centre[0], points(SIZE[0])[:, None] - centre[1]
    share = inside(caption.shape, x, y, grammar.RADII[caption.size]).reshape(SIZE[0], FINE, SIZE[1], FINE).mean((1, 3))
    front, back = (numpy.array(c, float) for c in (grammar.COLORS[caption.color], grammar.BACKGROUNDS[caption.background]))
    return (back + share[..., None] * (front - back)).round().astype(numpy.uint8)


def frames(caption, grammar):
    middle = numpy.array([SIZE[1] / 2, SIZE[0] / 2])
    speed = numpy.array(grammar.velocity(caption))
    return [frame(caption, grammar, middle + speed * ((i - FRAMES // 2) / FPS)) for i in range(FRAMES)]


def sound(caption, grammar):
    t = numpy.arange(int(FRAMES / FPS * 48000)) / 48000
    tone = 0.3 * numpy.sin(2 * numpy.pi * grammar.TONES[caption.tone] * t)
    return numpy.stack([tone, 0.5 * tone]).astype("<f4")


def png(pixels, kind=0):
    """Bytes of an RGB file, every row with filter 0 (none), 1 (to the left) or 2 (above)."""
    flat = pixels.reshape(pixels.shape[0], -1)
    if kind == 1:
        flat = numpy.concatenate([flat[:, :3], flat[:, 3:] - flat[:, :-3]], axis=1)
    if kind == 2:
        flat = numpy.concatenate([flat[:1], flat[1:] - flat[:-1]])
    rows = numpy.insert(flat, 0, kind, axis=1).tobytes()
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wav(samples):
    body = samples.T.tobytes()
    layout = struct.pack("<HHIIHH", 3, 2, 48000, 48000 * 8, 8, 32)
    chunk = lambda name, content: name + struct.pack("<I", len(content)) + content
    content = b"WAVE" + chunk(b"fmt ", layout) + chunk(b"data", body)
    return chunk(b"RIFF", content)


def write(folder, caption, grammar):
    """folder/000000.png … and folder/sound.wav."""
    folder.mkdir(parents=True)
    for i, pixels in enumerate(frames(caption, grammar)):
        (folder / f"{i:06}.png").write_bytes(png(pixels, i % 3))
    (folder / "sound.wav").write_bytes(wav(sound(caption, grammar)))
