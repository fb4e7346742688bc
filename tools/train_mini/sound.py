#!/usr/bin/env python3
"""Trains the sound autoencoder on the small world and writes it in the published layout to OUT/sound_tokenizer, with
OUT/sound.state to continue from.

The published config has no scale for latents, so the scale found in training is folded into the encoder's last layer, and the
latents for the transformer are of order one. The last lines printed are measurements on held-out captions.

  load(folder, device)   a trained model as Codec: encode(sound) and decode(latent) between (B, 2, samples) and
                         (B, 16, samples / 1920), both float32
"""

import argparse
import json
import math
import pathlib
import time

import torch
import torch.nn.functional as F
from diffusers import Cosmos3AVAEAudioTokenizer

import stage
import world

S = 16
CLIPS = [17, 17, 33]
WINDOWS = (128, 512, 2048)


def make():
    model = Cosmos3AVAEAudioTokenizer(vocoder_input_dim=S, dec_dim=12, dec_c_mults=[1, 2, 4, 8, 16],
                                      dec_strides=[2, 4, 5, 6, 8], enc_dim=24, enc_c_mults=[1, 2, 4], enc_strides=[4, 5, 6],
                                      enc_num_blocks=1, enc_latent_dim=2 * S, normalize_volume=False)
    with torch.no_grad():  # residual units and the output start small
        for name, parameter in model.decoder.named_parameters():
            if name.endswith("conv2.weight_g"):
                parameter *= 0.1
    return model


def encode(model, sound):
    """(B, 2, samples) to the means (B, 16, T)."""
    return model.encoder(sound).transpose(1, 2)[:, :S]


class Latents(torch.nn.Module):
    """The model with a running mean square of its latents, per channel."""

    def __init__(self):
        super().__init__()
        self.tokenizer = make()
        self.register_buffer("square", torch.ones(1, S, 1))

    def size(self):
        return (self.square + 1e-6).sqrt()

    @torch.no_grad()
    def follow(self, raw, step):
        self.square.lerp_(raw.square().mean((0, 2), keepdim=True), max(0.01, 1 / (step + 1)))


def spectra(wave):
    flat = wave.flatten(0, 1)
    for length in WINDOWS:
        window = torch.hann_window(length, device=wave.device)
        transform = torch.stft(flat, length, length // 4, window=window, return_complex=True)
        yield transform.abs().clamp(min=1e-4) / math.sqrt(length)


def difference(made, true):
    """The loss. Samples have the largest weight, for phase, loudness and panning. Spectra keep tones pure and silence silent."""
    total = 20 * F.l1_loss(made, true) + 50 * F.mse_loss(made, true)
    for a, b in zip(spectra(made), spectra(true)):
        total = total + F.l1_loss(a, b) * 2 + 0.1 * F.l1_loss(torch.log(a + 1e-3), torch.log(b + 1e-3))
    return total


def draw(generator, count, frames, device):
    """Draws sounds of the world; a few have other pitches, so that latents between those of the tones are meaningful."""
    picked = torch.randint(len(world.TRAIN), (count,), generator=generator).tolist()
    scene = world.scenes([world.TRAIN[i] for i in picked], frames, world.SIZES[0], generator)
    other = (torch.rand(count, generator=generator) < 0.03) & (scene.pitch > 0)
    pitch = 150 * 2 ** (3 * torch.rand(count, generator=generator))
    return world.sound(scene._replace(pitch=torch.where(other, pitch, scene.pitch)).to(device), frames)


def make_loss(model, batch, device, seed):
    noise = torch.Generator(device).manual_seed(seed)

    def loss(step, fraction):
        choice = torch.Generator().manual_seed(seed * 1000003 + step)
        true = draw(choice, batch, CLIPS[step % len(CLIPS)], device)
        raw = encode(model.tokenizer, true)
        if fraction < 0.7:
            model.follow(raw.detach(), step)
        latent = raw / model.size()
        level = 0.3 * torch.rand(batch, 1, 1, generator=noise, device=device)
        made = model.tokenizer.decoder(latent + level * torch.randn(raw.shape, generator=noise, device=device))
        scale = (latent.square().mean((0, 2)) - 1).square().mean() + latent.mean((0, 2)).square().mean()
        scale = scale + 0.1 * (raw.square().mean() - 1).square()
        return difference(made, true) + 0.01 * scale, {"l1": F.l1_loss(made, true).detach(), "size": model.size().mean()}

    return loss


def export(model, folder):
    """Writes the public model, with the latents' scale in the encoder's last layer."""
    public, size = make(), model.size().cpu()
    public.load_state_dict(model.tokenizer.state_dict())
    with torch.no_grad():
        public.encoder.layers[-1].weight_g[:S] /= size.view(S, 1, 1)
    public.bfloat16().save_pretrained(folder)


class Codec:
    def __init__(self, model, device):
        self.model = model.to(device, torch.float32).eval().requires_grad_(False)

    @torch.no_grad()
    def encode(self, sound):
        return encode(self.model, sound)

    @torch.no_grad()
    def decode(self, latent):
        return self.model.decoder(latent).clamp(-1, 1)


def load(folder, device):
    return Codec(Cosmos3AVAEAudioTokenizer.from_pretrained(folder, torch_dtype=torch.float32, low_cpu_mem_usage=False),
                 device)


def pitch(wave):
    """The frequency of the highest peak in the spectrum of (B, 2, samples), with zero padding for a resolution below 1 Hz."""
    power = torch.fft.rfft(wave * torch.hann_window(wave.shape[-1], device=wave.device), 8 * wave.shape[-1]).abs().square()
    return power.sum(1).argmax(1) * (world.SAMPLE_RATE / (8 * wave.shape[-1]))


def correlation(a, b):
    a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)).clamp(min=1e-9)


def loudness(wave):
    return F.avg_pool1d(wave.square(), 960, 480).sqrt()


def measure(folder, device, clips):
    codec = load(folder, device)
    for frames in world.FRAMES:
        generator = torch.Generator().manual_seed(6)
        scene = world.scenes(world.HELD_OUT[::max(1, len(world.HELD_OUT) // clips)], frames, world.SIZES[0], generator).to(device)
        true = world.sound(scene, frames)
        latent = codec.encode(true)
        made = codec.decode(latent)
        noisy = codec.decode(latent + 0.2 * torch.randn(latent.shape, generator=generator).to(device))
        heard = scene.pitch > 0
        error = lambda wave: float(((pitch(wave)[heard] - scene.pitch[heard]).abs() / scene.pitch[heard]).max())
        power = lambda wave: wave.square().mean(-1)[heard]
        share = lambda wave: power(wave)[:, 1] / power(wave).sum(1)
        line = {"measure": "sound", "frames": frames, "clips": int(heard.sum()), "pitch_error_max": round(error(made), 5),
                "pitch_error_max_noise_0.2": round(error(noisy), 5),
                "envelope_correlation_min": round(float(correlation(loudness(made).sum(1), loudness(true).sum(1))[heard].min()), 4),
                "pan_error_max": round(float((share(made) - share(true)).abs().max()), 4),
                "silence_peak": round(float(made[~heard].abs().max()) if (~heard).any() else 0.0, 5),
                "snr_db": round(float(10 * torch.log10(true[heard].square().mean() / (made - true)[heard].square().mean())), 2),
                "latent_rms": round(float(latent.square().mean().sqrt()), 3), "latent_mean": round(float(latent.mean((0, 2)).abs().max()), 3)}
        print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=240, help="of training, over all calls")
    parser.add_argument("--batch", type=int, default=24, help="clips a step")
    parser.add_argument("--peak", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--clips", type=int, default=256, help="held-out clips measured at each length")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    began = time.monotonic()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    model = Latents().to(device)
    trainer = stage.Trainer(model, options.out / "sound.state", options.seconds, options.peak)
    best = trainer.run(make_loss(model, options.batch, device, options.seed))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    export(best, options.out / "sound_tokenizer")
    measure(options.out / "sound_tokenizer", device, options.clips)
    print(json.dumps({"measure": "sound", "steps": trainer.step, "seconds": round(time.monotonic() - began)}), flush=True)


if __name__ == "__main__":
    main()
