"""Latents of clips of the small world, drawn and encoded on the device, ready for batches.

Clips of equal length have equal token counts: smaller pictures and shorter sound are padded; `present` is false for padding.
"""

import pathlib
import time
from typing import NamedTuple

import torch

import layout
import prompts
import world


def up_to_8(count):
    return (count + 7) // 8 * 8


def grid(frames, size):
    """The latent's shape (t, h, w)."""
    return (frames - 1) // 4 + 1, size[0] // 16, size[1] // 16


def tokens(frames, size):
    t, h, w = grid(frames, size)
    return t * (h // 2) * (w // 2)


class Clips(NamedTuple):
    """Clips of equal length, one per row. `size` and `caption` are indexes into world.SIZES and world.CAPTIONS."""
    video: torch.Tensor    # (n, V, 4C) float16
    sound: torch.Tensor    # (n, S, sound_dim) float16
    size: torch.Tensor     # (n,)
    caption: torch.Tensor  # (n,)

    def to(self, device):
        return Clips(*(t.to(device) for t in self))


class Geometry:
    """The token counts and positions of clips of one length; tensors have one row per size."""

    def __init__(self, frames, device="cpu"):
        steps = world.sound_steps(frames)
        self.video_tokens = up_to_8(max(tokens(frames, size) for size in world.SIZES))
        self.sound_tokens = up_to_8(steps)
        self.frame_of = torch.full((len(world.SIZES), self.video_tokens), -1)
        self.places = torch.zeros(len(world.SIZES), self.video_tokens + self.sound_tokens, 3)
        self.present = torch.zeros(self.places.shape[:2], dtype=torch.bool)
        for i, size in enumerate(world.SIZES):
            count = tokens(frames, size)
            self.frame_of[i, :count] = torch.arange(count) // (count // grid(frames, size)[0])
            self.places[i, :count] = layout.video_places(*grid(frames, size))
            self.present[i, :count] = True
        self.places[:, self.video_tokens:][:, :steps] = layout.sound_places(steps)
        self.present[:, self.video_tokens:][:, :steps] = True
        for name in ("frame_of", "places", "present"):
            setattr(self, name, getattr(self, name).to(device))


class Texts:
    """Token ids of the texts for every size, padded at the end, and their lengths.

    captions  (sizes, captions + 1, 64); the last row has only the sentences about the clip, without a caption
    negative  (sizes, 1, length) orrery's default negative prompt
    """

    def __init__(self, tokenizer, frames, device="cpu"):
        self.device, ids_of = device, prompts.Prompts(tokenizer)
        unsaid = [[ids_of(prompts.negative_caption(words, frames, size)) for words in ("", prompts.default_negative())]
                  for size in world.SIZES]
        said = [[ids_of(prompts.caption(world.text(words), frames, size)) for words in world.CAPTIONS]
                for size in world.SIZES]
        self.captions = self.padded([row + [none] for row, (none, _) in zip(said, unsaid)])
        self.negative = self.padded([[long] for _, long in unsaid])

    def padded(self, rows):
        length = up_to_8(max(len(ids) for row in rows for ids in row))
        return (torch.tensor([[ids + [0] * (length - len(ids)) for ids in row] for row in rows], device=self.device),
                torch.tensor([[len(ids) for ids in row] for row in rows], device=self.device))


def pad_tokens(x, count):
    return torch.nn.functional.pad(x, (0, 0, 0, count - x.shape[1]))


@torch.no_grad()
def draw(encoders, captions, frames, size, generator, device):
    """Draws clips of the given captions. `encoders` encode video (B, 3, T, H, W) and sound (B, 2, samples)."""
    geometry = Geometry(frames)
    scenes = world.scenes(captions, frames, world.SIZES[size], generator).to(device)
    video = layout.patchify(encoders[0](world.video(scenes, frames, world.SIZES[size])))
    sound = encoders[1](world.sound(scenes, frames)).mT
    return Clips(pad_tokens(video, geometry.video_tokens).half(), pad_tokens(sound, geometry.sound_tokens).half(),
                 torch.full((len(captions),), size, device=device), torch.tensor(captions, device=device))


def draw_many(encoders, pool, batch, seed, device, seconds=float("inf"), batches=2**31):
    """Draws clips of each length, with random captions from `pool`, for about `seconds` or for `batches` batches."""
    generator, parts, start = torch.Generator().manual_seed(seed), {frames: [] for frames in world.FRAMES}, time.time()
    kinds = [(frames, size) for size in range(len(world.SIZES)) for frames in world.FRAMES]
    for i in range(batches):
        frames, size = kinds[i % len(kinds)]
        picked = torch.randint(len(pool), (batch,), generator=generator)
        captions = [pool[j] for j in picked.tolist()]
        parts[frames].append(draw(encoders, captions, frames, size, generator, device))
        if device.type == "cuda":
            torch.cuda.synchronize()
        if i + 1 >= len(kinds) and time.time() - start > seconds:
            break
    return {frames: Clips(*(torch.cat(field) for field in zip(*clips))) for frames, clips in parts.items()}


def cached(path, make):
    """Returns make(), stored in a file, so that a second call on the same machine does not draw again."""
    path = pathlib.Path(path)
    if path.exists():
        return {frames: Clips(*fields) for frames, fields in torch.load(path).items()}
    clips = make()
    torch.save({frames: tuple(t.cpu() for t in fields) for frames, fields in clips.items()}, path)
    return clips
