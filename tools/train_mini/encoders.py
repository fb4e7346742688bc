"""The trained codecs' encoders, from the published layout: clips to the latents that orrery denoises."""

import json

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import load_file

import sound


def read(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config, load_file(folder / "diffusion_pytorch_model.safetensors")


class VideoEncoder:
    """Video (B, 3, frames, H, W) in [-1, 1] to normalised latents (B, C, t, h, w), by the public class."""

    def __init__(self, folder, device):
        config, weights = read(folder)
        self.vae = AutoencoderKLWan.from_config(config).float()
        self.vae.load_state_dict(weights)
        self.vae.to(device).eval().requires_grad_(False)
        self.channels = config["z_dim"]
        column = lambda key: torch.tensor(config[key], device=device).view(-1, 1, 1, 1)
        self.mean, self.std = column("latents_mean"), column("latents_std")

    def __call__(self, video):
        return (self.vae.encode(video).latent_dist.mode() - self.mean) / self.std


def load(codecs, device):
    """Encoders of video and of sound."""
    return VideoEncoder(codecs / "vae", device), sound.Encoder(codecs / "sound_tokenizer", device)
