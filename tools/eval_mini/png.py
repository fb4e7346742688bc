"""Reads and writes PNG files like orrery's: 8-bit RGB (or RGBA), not interlaced. Needs only numpy and zlib."""

import pathlib
import struct
import zlib

import numpy

MAGIC = b"\x89PNG\r\n\x1a\n"


def filtered_rows(path):
    """(kinds, rows) of one file: the filter types, uint8 (H,), and the filtered rows, (H, W, channels)."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    if depth != 8 or color not in (2, 6) or interlaced:
        raise ValueError(f"{path}: expected 8-bit RGB or RGBA, not interlaced; found depth {depth}, colour type {color}")
    channels = 3 if color == 2 else 4
    rows = numpy.frombuffer(zlib.decompress(packed), numpy.uint8).reshape(height, 1 + channels * width)
    return rows[:, 0], rows[:, 1:].reshape(height, width, channels)


def guess(kinds, left, up, corner):
    """The predictions of pixels from their neighbours by each row's filter. kinds (F, H, 1), the others (F, H, channels)."""
    rise, run = abs(up - corner), abs(left - corner)
    far = abs(left + up - 2 * corner)
    nearest = numpy.where((rise <= run) & (rise <= far), left, numpy.where(run <= far, up, corner))
    return numpy.choose(kinds, [0, left, up, (left + up) // 2, nearest])


def unfilter(kinds, rows):
    """uint8 (F, H, W, channels) from filtered rows. A pixel depends only on those to its left and above it, so all pixels of a
    diagonal, in all pictures, are computed at once: column x of row y is on diagonal x + y."""
    count, height, width, channels = rows.shape
    kinds = kinds.astype(numpy.int16)[..., None]
    slanted = numpy.zeros((height + width - 1, count, height, channels), numpy.int16)
    for y in range(height):
        slanted[y:y + width, :, y] = rows[:, y].swapaxes(0, 1)
    out = numpy.zeros((height + width + 1, count, height + 1, channels), numpy.int16)  # two diagonals and a row of zeros first
    for d in range(height + width - 1):
        found = slanted[d] + guess(kinds, out[d + 1, :, 1:], out[d + 1, :, :-1], out[d, :, :-1])
        out[d + 2, :, 1:] = found & 255
    return numpy.stack([out[y + 2:y + 2 + width, :, y + 1] for y in range(height)]).transpose(2, 0, 1, 3).astype(numpy.uint8)


def read_pngs(paths):
    """uint8 (F, H, W, 3) from files of equal size."""
    kinds, rows = zip(*map(filtered_rows, paths))
    return unfilter(numpy.stack(kinds), numpy.stack(rows))[..., :3]


def write_png(path, pixels):
    """Writes uint8 (H, W, 3)."""
    height, width = pixels.shape[:2]
    rows = numpy.insert(pixels.reshape(height, -1), 0, 0, axis=1).tobytes()
    chunk = lambda name, body: struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pathlib.Path(path).write_bytes(MAGIC + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
