#!/usr/bin/env python3
"""Draws the example pictures and the video of inputs/ from geometry alone, so that nobody else has rights in them. Needs
ffmpeg.

usage: tools/draw_inputs.py [FOLDER]     (default: inputs/ beside this script's folder)
"""

import math
import pathlib
import random
import struct
import subprocess
import sys
import zlib

WIDTH, HEIGHT = 320, 192
HORIZON = 96
VANISHING_X = 168
SCALE = 4  # samples per pixel in each direction, averaged for smooth edges


class Canvas:
    def __init__(self, width=WIDTH, height=HEIGHT):
        self.width, self.height = width * SCALE, height * SCALE
        self.rows = [bytearray(3 * self.width) for _ in range(self.height)]

    def span(self, y, left, right, colour):
        left, right = max(0, round(left)), min(self.width, round(right))
        if 0 <= y < self.height and left < right:
            self.rows[y][3 * left:3 * right] = bytes(colour) * (right - left)

    def polygon(self, points, colour):
        """Fills a polygon given in pixels."""
        points = [(x * SCALE, y * SCALE) for x, y in points]
        edges = list(zip(points, points[1:] + points[:1]))
        for y in range(int(min(p[1] for p in points)), int(max(p[1] for p in points)) + 1):
            middle = y + 0.5
            crossings = sorted(x0 + (middle - y0) * (x1 - x0) / (y1 - y0)
                               for (x0, y0), (x1, y1) in edges if (y0 <= middle) != (y1 <= middle))
            for left, right in zip(crossings[::2], crossings[1::2]):
                self.span(y, left, right, colour)

    def box(self, left, top, right, bottom, colour):
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def disc(self, x, y, radius, colour, flatness=1.0):
        turn = [2 * math.pi * i / 48 for i in range(48)]
        self.polygon([(x + radius * math.cos(a), y + flatness * radius * math.sin(a)) for a in turn], colour)

    def lines(self):
        lines = []
        for y in range(0, self.height, SCALE):
            line = bytearray()
            for x in range(0, 3 * self.width, 3 * SCALE):
                for c in range(3):
                    samples = [row[x + c + 3 * i] for row in self.rows[y:y + SCALE] for i in range(SCALE)]
                    line.append((sum(samples) + len(samples) // 2) // len(samples))
            lines.append(bytes(line))
        return lines


def encode_png(lines):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    up = 2  # PNG's filter type "Up": the difference from the line above
    above = bytes(len(lines[0]))
    packed = bytearray()
    for line in lines:
        packed += bytes([up]) + bytes((a - b) & 255 for a, b in zip(line, above))
        above = line
    header = struct.pack(">IIBBBBB", len(above) // 3, len(lines), 8, 2, 0, 0, 0)
    pixels = zlib.compress(packed, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def mix(a, b, share):
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b))


def draw_sky(canvas):
    for y in range((HORIZON + 2) * SCALE):
        canvas.span(y, 0, canvas.width, mix((74, 126, 196), (246, 214, 178), (y / (HORIZON * SCALE)) ** 1.3))
    for radius, share in ((19, 0.25), (15, 0.5), (11, 1.0)):
        canvas.disc(180, 74, radius, mix((238, 206, 176), (255, 246, 214), share))


def house_point(side, depth, metres):
    """The pixel of a point on the house fronts. `depth` grows towards the viewer, `metres` is above the horizon."""
    return VANISHING_X + side * 34 * depth, HORIZON - metres * 2.7 * depth


def front(side, far, near, low, high):
    return [house_point(side, far, high), house_point(side, near, high), house_point(side, near, low),
            house_point(side, far, low)]


def draw_row_of_houses(canvas, side, rng):
    """Draws the houses on one side (-1 left, 1 right), from near to far, since they do not overlap."""
    depths = [1.0, 1.35, 1.8, 2.5, 3.6, 5.6]
    paints = [(168, 120, 96), (150, 142, 134), (186, 164, 132), (120, 104, 108), (140, 92, 78)]
    for near, far in zip(depths[:0:-1], depths[-2::-1]):
        storeys = rng.randint(3, 5)
        wall = mix((206, 196, 190), rng.choice(paints), min(1, near / 2.6))
        canvas.polygon(front(side, far, near, -1.7, 3 * storeys + 1), wall)
        for column in range(4):
            left, right = (far + (near - far) * (column + share) / 4 for share in (0.25, 0.75))
            for storey in range(storeys):
                lit = rng.random() < 0.25
                pane = (255, 226, 150) if lit else mix(wall, (52, 66, 88), 0.75)
                canvas.polygon(front(side, left, right, 3 * storey + 0.9, 3 * storey + 2.4), pane)


def draw_ground(canvas):
    for y in range(HORIZON * SCALE, HEIGHT * SCALE):
        depth = (y / SCALE - HORIZON) / (HEIGHT - HORIZON)
        middle = VANISHING_X * SCALE
        canvas.span(y, 0, canvas.width, mix((176, 168, 160), (138, 132, 128), depth))
        for reach, colour in ((212, (196, 192, 186)), (204, mix((92, 92, 98), (80, 80, 88), depth))):
            canvas.span(y, middle - reach * depth * SCALE - 4, middle + reach * depth * SCALE + 4, colour)
    for i in range(9):  # lane marks of equal length in the scene
        near, far = 1 / (0.9 + 0.62 * i), 1 / (0.9 + 0.62 * i + 0.3)
        ys = [HORIZON + (HEIGHT - HORIZON) * d for d in (far, near)]
        canvas.polygon([(VANISHING_X - 4 * far, ys[0]), (VANISHING_X + 4 * far, ys[0]),
                        (VANISHING_X + 4 * near, ys[1]), (VANISHING_X - 4 * near, ys[1])], (226, 222, 206))


def draw_car(canvas, x, ground, size, paint, lamps):
    """A car seen from the front or the back: x of its middle, y of the ground at its wheels, width `size` in pixels."""
    unit = size / 20
    dark = mix(paint, (0, 0, 0), 0.45)
    canvas.disc(x, ground, 11.5 * unit, (48, 48, 54), flatness=0.14)
    for side in (-1, 1):
        wheel = x + side * 7.3 * unit
        canvas.box(wheel - 1.7 * unit, ground - 4 * unit, wheel + 1.7 * unit, ground, (24, 24, 28))
    canvas.polygon([(x - 7 * unit, ground - 14.5 * unit), (x + 7 * unit, ground - 14.5 * unit),
                    (x + 9.3 * unit, ground - 8.5 * unit), (x - 9.3 * unit, ground - 8.5 * unit)], dark)
    canvas.polygon([(x - 6.2 * unit, ground - 13.7 * unit), (x + 6.2 * unit, ground - 13.7 * unit),
                    (x + 8 * unit, ground - 9 * unit), (x - 8 * unit, ground - 9 * unit)], (96, 122, 146))
    canvas.box(x - 10 * unit, ground - 9 * unit, x + 10 * unit, ground - 2 * unit, paint)
    canvas.box(x - 10 * unit, ground - 3.4 * unit, x + 10 * unit, ground - 2 * unit, dark)
    for side in (-1, 1):
        canvas.disc(x + side * 8 * unit, ground - 6.6 * unit, 1.5 * unit, lamps, flatness=0.75)
    canvas.box(x - 2.6 * unit, ground - 6 * unit, x + 2.6 * unit, ground - 4.4 * unit, (236, 236, 228))


def draw_traffic_light(canvas, x, ground):
    canvas.box(x - 1.3, ground - 78, x + 1.3, ground, (56, 60, 64))
    canvas.box(x - 5, ground - 98, x + 5, ground - 70, (34, 36, 40))
    for i, colour in enumerate(((72, 26, 26), (80, 66, 24), (70, 226, 120))):
        canvas.disc(x, ground - 93 + 9 * i, 3.2, colour)


def street():
    canvas = Canvas()
    rng = random.Random(5)
    draw_sky(canvas)
    draw_ground(canvas)
    for side in (-1, 1):
        draw_row_of_houses(canvas, side, rng)
    draw_car(canvas, 156, 110, 13, (232, 232, 236), (255, 250, 220))
    draw_car(canvas, 134, 128, 30, (202, 158, 40), (255, 250, 220))
    draw_car(canvas, 206, 146, 46, (176, 38, 42), (232, 40, 36))
    draw_traffic_light(canvas, 296, 150)
    return canvas.lines()


def circle(x):
    """A frame of the small world that inputs/mini was trained on (tools/train_mini/grammar.py)."""
    canvas = Canvas(128, 128)
    canvas.box(0, 0, 128, 128, (128, 128, 130))
    canvas.disc(x, 64, 18, (222, 40, 44))
    return canvas.lines()


def write_video(path, frames, fps):
    size = f"{len(frames[0][0]) // 3}x{len(frames[0])}"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps),
                    "-i", "-", "-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-fflags", "+bitexact",
                    "-flags:v", "+bitexact", path], input=b"".join(b"".join(lines) for lines in frames), check=True)


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "inputs"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    speed = 42 / 24  # pixels per frame, "quickly" in the captions
    pictures = {"street": street(), "circle": circle(94), "circle-left": circle(94 - 32 * speed)}
    for name, lines in pictures.items():
        (folder / f"{name}.png").write_bytes(encode_png(lines))
    write_video(folder / "circle.mp4", [circle(94 - i * speed) for i in range(17)], 24)
    print(*(folder / f"{name}.png" for name in pictures), folder / "circle.mp4", sep="\n")


if __name__ == "__main__":
    main()
