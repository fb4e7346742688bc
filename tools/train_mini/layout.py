"""Patches of latents, and the RoPE positions of tokens (2×2 patches, three axes, as in MODEL.md)."""

import torch


def patchify(latent):
    """(B, C, t, h, w) with even h and w to tokens (B, t h/2 w/2, 4C); a token's values are ordered by row, column, channel."""
    b, c, t, h, w = latent.shape
    return latent.reshape(b, c, t, h // 2, 2, w // 2, 2).permute(0, 2, 3, 5, 4, 6, 1).reshape(b, -1, 4 * c)


def unpatchify(tokens, shape):
    """The inverse of patchify(): tokens to (B, C, t, h, w)."""
    b, c, t, h, w = shape
    return tokens.reshape(b, t, h // 2, w // 2, 2, 2, c).permute(0, 6, 1, 2, 4, 3, 5).reshape(shape)


def video_places(t, h, w, fps=24.0, base_fps=24.0):
    """Positions (tokens, 3) for a latent of t frames of h x w cells, if the text ended at 0."""
    frames = torch.arange(t, dtype=torch.float32)
    frames = frames / (fps / 4) * (base_fps / 4) if t > 1 else frames
    axes = torch.meshgrid(frames, torch.arange(h // 2).float(), torch.arange(w // 2).float(), indexing="ij")
    return torch.stack(axes, -1).reshape(-1, 3)


def sound_places(steps, sound_fps=25.0, base_fps=24.0):
    times = torch.arange(steps, dtype=torch.float32)
    times = times / sound_fps * base_fps if steps > 1 else times
    return torch.stack([times, torch.zeros(steps), torch.zeros(steps)], -1)
