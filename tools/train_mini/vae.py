#!/usr/bin/env python3
"""Trains the video VAE on the small world and writes it in the published layout to OUT/vae, with OUT/vae.state to continue from.

In training, noise in proportion to each channel's standard deviation is added to latents, so that a transformer's inexact
latents also decode well. The last lines printed are measurements of the exported weights on held-out captions.
"""

import argparse
import json
import pathlib
import time

import torch
import torch.nn.functional as F

import stage
import wan
import world

SHAPES = [(size, 17) for size in world.SIZES] * 3 + [(size, 33) for size in world.SIZES]


class Latents(torch.nn.Module):
    """The model with the running mean and variance of its latents, which scale the noise."""

    def __init__(self):
        super().__init__()
        self.vae = wan.whole_clip(wan.make())
        self.fresh = True
        self.register_buffer("mean", torch.zeros(1, wan.Z, 1, 1, 1))
        self.register_buffer("variance", torch.ones(1, wan.Z, 1, 1, 1))

    def start_from(self, folder):
        public = wan.AutoencoderKLWan.from_pretrained(folder, torch_dtype=torch.float32, low_cpu_mem_usage=False)
        self.vae.load_state_dict(public.state_dict())
        self.fresh = False
        self.mean.copy_(torch.tensor(public.config.latents_mean).view_as(self.mean))
        self.variance.copy_(torch.tensor(public.config.latents_std).square().view_as(self.variance))

    def keep_latents(self):
        """Freezes the encoder, so that a transformer trained on its latents stays valid."""
        for part in (self.vae.encoder, self.vae.quant_conv):
            part.requires_grad_(False)

    @torch.no_grad()
    def follow(self, raw, step):
        share = max(0.01, 1 / (step + 1)) if self.fresh else 0.01
        self.mean.lerp_(raw.mean((0, 2, 3, 4), keepdim=True), share)
        self.variance.lerp_(raw.var((0, 2, 3, 4), keepdim=True), share)


def importance(video, background):
    """The loss's weights (B, 1, T, H, W): tenfold near the shape, which covers little of the picture, and threefold in the
    first frame, which has a latent frame of its own and is the given image in clips from images."""
    shape = (video - background).abs().amax(1).gt(0.02).float()
    weight = 1 + 9 * F.max_pool2d(shape, 9, 1, 4)[:, None]
    weight[:, :, 0] *= 3
    return weight


def make_loss(model, batch, device, seed):
    noise = torch.Generator(device).manual_seed(seed)

    def loss(step, fraction):
        choice = torch.Generator().manual_seed(seed * 1000003 + step)
        size, frames = SHAPES[int(torch.randint(len(SHAPES), (1,), generator=choice))]
        count = max(1, batch * 17 // frames)
        picked = torch.randint(len(world.TRAIN), (count,), generator=choice).tolist()
        scene = world.scenes([world.TRAIN[i] for i in picked], frames, size, choice).to(device)
        video = world.video(scene, frames, size)
        with torch.autocast(video.device.type, torch.bfloat16, enabled=video.is_cuda):
            raw = wan.encode(model.vae, video).float()
            if fraction < 0.7 and raw.requires_grad:
                model.follow(raw.detach(), step)
            spread = (model.variance + 1e-4).sqrt()
            level = 0.2 * torch.rand(count, 1, 1, 1, 1, generator=noise, device=device)
            noisy = raw + spread * level * torch.randn(raw.shape, generator=noise, device=device)
            made = wan.decode(model.vae, noisy).float()
        weight = importance(video, scene.background[:, :, None, None, None])
        error = made - video
        picture = (weight * (error.abs() + 2 * error.square())).mean()
        normal = (raw - model.mean) / spread
        scale = (normal.square().mean((0, 2, 3, 4)) - 1).square().mean() + 0.1 * raw.square().mean()
        psnr = 10 * torch.log10(4 / error.detach().square().mean())
        return picture + 0.01 * scale, {"psnr": psnr, "spread": spread.mean()}

    return loss


def silence_variances(vae):
    """Makes the variances nearly 0: their logarithms, the second half of quant_conv's outputs, were never trained."""
    with torch.no_grad():
        vae.quant_conv.weight[wan.Z:] = 0
        vae.quant_conv.bias[wan.Z:] = -12


@torch.no_grad()
def statistics(vae, device):
    sums, squares, count = 0, 0, 0
    for i, (size, frames) in enumerate(SHAPES):
        generator = torch.Generator().manual_seed(77 + i)
        indexes = world.TRAIN[i::len(world.TRAIN) // 32]
        raw = wan.encode(vae, world.video(world.scenes(indexes, frames, size, generator).to(device), frames, size)).double()
        sums, squares = sums + raw.sum((0, 2, 3, 4)), squares + raw.square().sum((0, 2, 3, 4))
        count += raw.numel() // wan.Z
    mean = sums / count
    return mean.tolist(), (squares / count - mean.square() + 1e-4).sqrt().tolist()


def export(vae, folder, device, start=None):
    """Writes the public model. Takes the latents' statistics from `start`, a vae folder with the same encoder, if given."""
    silence_variances(vae)
    public = wan.make()
    public.load_state_dict(vae.state_dict())
    config = json.loads((start / "config.json").read_text()) if start else {}
    mean, std = (config["latents_mean"], config["latents_std"]) if start else statistics(vae, device)
    public.register_to_config(latents_mean=[round(m, 5) for m in mean], latents_std=[round(s, 5) for s in std])
    public.bfloat16().save_pretrained(folder)


def measure(folder, device, clips):
    """Prints the PSNR of the VAE in `folder` on held-out captions, plain and with noise of standard deviation 0.2."""
    codec = wan.load(folder, device)
    for size in world.SIZES:
        for frames in world.FRAMES:
            generator = torch.Generator().manual_seed(5)
            video = world.video(world.scenes(world.HELD_OUT[::max(1, len(world.HELD_OUT) // clips)], frames, size, generator).to(device), frames, size)
            latent = torch.cat([codec.encode(v) for v in video.split(8)])
            noise = 0.2 * torch.randn(latent.shape, generator=generator).to(device)
            psnr = lambda z: [10 * float(torch.log10(4 / (codec.decode(a) - b).square().mean()))
                              for a, b in zip(z.split(1), video.split(1))]
            plain, noisy = psnr(latent), psnr(latent + noise)
            print(json.dumps({"measure": "vae", "height": size[0], "width": size[1], "frames": frames, "clips": len(plain),
                              "psnr_mean": round(sum(plain) / len(plain), 2), "psnr_min": round(min(plain), 2),
                              "psnr_noise_0.2": round(sum(noisy) / len(noisy), 2),
                              "latent_std": round(float(latent.std()), 3)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=240, help="of training, over all calls")
    parser.add_argument("--batch", type=int, default=8, help="clips of 17 frames a step")
    parser.add_argument("--peak", type=float, default=1.5e-3, help="learning rate")
    parser.add_argument("--clips", type=int, default=64, help="held-out clips measured at each size")
    parser.add_argument("--start", type=pathlib.Path, help="a trained vae folder to begin with")
    parser.add_argument("--decoder-only", action="store_true", help="leave the encoder of --start, and so latents, as they are")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.decoder_only and not options.start:
        parser.error("--decoder-only needs --start")
    began = time.monotonic()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    model = Latents()
    if options.start:
        model.start_from(options.start)
    if options.decoder_only:
        model.keep_latents()
    model.to(device)
    trainer = stage.Trainer(model, options.out / "vae.state", options.seconds, options.peak)
    best = trainer.run(make_loss(model, options.batch, device, options.seed))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    export(best.vae, options.out / "vae", device, options.start if options.decoder_only else None)
    measure(options.out / "vae", device, options.clips)
    print(json.dumps({"measure": "vae", "steps": trainer.step, "seconds": round(time.monotonic() - began)}), flush=True)


if __name__ == "__main__":
    main()
