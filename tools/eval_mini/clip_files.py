"""Reads the media of a clip that orrery made: PNG frames and a WAV file (--keep-frames), or an mp4 with the ffmpeg program."""

import json
import pathlib
import shutil
import struct
import subprocess

import numpy

from png import read_pngs


def read_wav(path):
    """Reads 16-bit or float32 stereo. Returns float32 (2, samples)."""
    data, at, layout = pathlib.Path(path).read_bytes(), 12, None
    while at + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"fmt ":
            layout = struct.unpack("<HHIIHH", body[:16])
        if kind == b"data":
            break
        at += 8 + length + length % 2
    if layout is None or layout[1] != 2 or (bits := layout[5]) not in (16, 32):
        raise ValueError(f"{path}: expected stereo of 16-bit or float32 samples")
    samples = numpy.frombuffer(body, "<i2" if bits == 16 else "<f4").reshape(-1, 2).T.astype(numpy.float32)
    return samples / 32768 if bits == 16 else samples


def pipe(*arguments):
    return subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *arguments, "-"], check=True, capture_output=True).stdout


def read_mp4(path):
    probe = subprocess.run(["ffprobe", "-loglevel", "error", "-show_streams", "-of", "json", str(path)], check=True,
                           capture_output=True).stdout
    streams = {stream["codec_type"]: stream for stream in json.loads(probe)["streams"]}
    picture = streams["video"]
    raw = pipe("-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24")
    frames = numpy.frombuffer(raw, numpy.uint8).reshape(-1, picture["height"], picture["width"], 3)
    if "audio" not in streams:
        return frames, None
    raw = pipe("-i", str(path), "-f", "f32le", "-ar", "48000", "-ac", "2")
    return frames, numpy.frombuffer(raw, "<f4").reshape(-1, 2).T


def read_clip(out, name):
    """(frames, sound or None) of the clip `name` in the folder of a run or decode. Raises FileNotFoundError without media."""
    frames, media = pathlib.Path(out) / "frames" / name, pathlib.Path(out) / "media" / f"{name}.mp4"
    if frames.is_dir():
        wav = frames / "sound.wav"
        return read_pngs(sorted(frames.glob("*.png"))), read_wav(wav) if wav.exists() else None
    if media.exists() and shutil.which("ffmpeg") and shutil.which("ffprobe"):
        return read_mp4(media)
    raise FileNotFoundError(f"{frames}/ or {media} (which takes the ffmpeg program): make the clips with --keep-frames")
