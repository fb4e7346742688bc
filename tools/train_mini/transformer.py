#!/usr/bin/env python3
"""Trains the mini checkpoint's transformer by flow matching: transformer.py CODECS OUT --seconds 560

CODECS has vae/ and sound_tokenizer/, OUT has text_tokenizer/. OUT gets transformer/ (the moving average of the weights in
bfloat16), state.safetensors (the same weights in float16, for --resume) and log.jsonl. --work keeps the clips' latents between
calls on one machine.
"""

import argparse
import copy
import json
import math
import pathlib
import random
import time

import torch
from safetensors.torch import load_file, save_file

import latents
import sound
import wan
import world
from model import Transformer, make_config

SHIFT = 5.0         # shift of the noise levels in training, most of which are high, as in the schedules of requests
GIVEN = (0.22, 0.05)  # shares of clips whose first one or two latent frames are given
NO_CAPTION, NO_SOUND = 0.1, 0.2
LONG_NEGATIVE = 32  # one of so many steps uses orrery's default negative prompt as the text
DECAY = 0.9995


class Batches:
    """Batches of noisy clips of one length: the arguments of forward(), targets and their weights."""

    def __init__(self, clips, geometry, texts):
        self.clips, self.geometry, self.texts = clips, geometry, texts

    def __call__(self, count, unsaid=NO_CAPTION, negative=False):
        """`unsaid` is the share of clips without a caption; with `negative`, all clips have the long negative prompt."""
        device = self.clips.video.device
        row = torch.randint(len(self.clips.size), (count,), device=device)
        size, caption = self.clips.size[row], self.clips.caption[row]
        clean = self.clips.video[row].float(), self.clips.sound[row].float()
        chance = torch.rand(3, count, device=device)
        given = (chance[0] < sum(GIVEN)).long() + (chance[0] < GIVEN[1]).long()
        caption = torch.where(chance[1] < unsaid, len(world.CAPTIONS), caption)
        ids, counts = self.texts.negative if negative else self.texts.captions
        present = self.geometry.present[size]
        present[:, self.geometry.video_tokens:] &= (chance[2] >= NO_SOUND)[:, None]
        noisy = (self.geometry.frame_of[size] >= given[:, None]).float()
        even = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
        sigma = (SHIFT * even / (1 + (SHIFT - 1) * even)).clamp(1e-3, 0.9999)
        noise = [torch.randn_like(x) for x in clean]
        level = sigma[:, None, None] * noisy[..., None], sigma[:, None, None]
        video, sound = ((1 - s) * x + s * n for s, x, n in zip(level, clean, noise))
        words = 0 if negative else caption
        inputs = (ids[size, words], counts[size, words], video, sound, (sigma * 1000).floor(), noisy,
                  self.geometry.places[size], present)
        weights = present[:, :video.shape[1]] * noisy, present[:, video.shape[1]:].float()
        return inputs, [n - x for n, x in zip(noise, clean)], weights


def losses(found, targets, weights):
    """The mean squared errors of the video's and the sound's velocities."""
    error = lambda v, target, w: ((v.float() - target).square().mean(-1) * w).sum() / w.sum().clamp(min=1)
    return [error(*part) for part in zip(found, targets, weights)]


class Trainer:
    def __init__(self, model, batches, options, device):
        self.model, self.average = model, copy.deepcopy(model).requires_grad_(False)
        self.batches, self.options, self.device = batches, options, device
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim < 2]
        self.optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01}, {"params": others}],
                                           lr=options.lr, betas=(0.9, 0.98), weight_decay=0.0,
                                           fused=device.type == "cuda")
        self.fast = torch.compile(model, dynamic=False) if options.compile else model
        self.random, self.step = random.Random(options.seed), 0

    def rate(self, done):
        """The learning rate after a share `done` of the time: linear warm-up, then a cosine decay to 0."""
        return self.options.lr * min(1, (self.step + 1) / self.options.warmup) * 0.5 * (1 + math.cos(math.pi * done))

    def train_step(self, done):
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(done)
        frames = self.random.choice(world.FRAMES)
        negative = self.step % LONG_NEGATIVE == LONG_NEGATIVE - 1
        model = self.model if negative else self.fast  # too rare to be worth compiling
        inputs, targets, weights = self.batches[frames](self.options.batch // (4 if negative else 1), negative=negative)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.options.bf16):
            found = model(*inputs)
        video, sound = losses(found, targets, weights)
        (video + 0.5 * sound).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()),
                                 1 - min(DECAY, (1 + self.step) / (10 + self.step)))
        return torch.stack([video.detach(), sound.detach()])

    @torch.no_grad()
    def held_out(self, batches, rounds=8):
        """The losses of the averaged weights on held-out captions."""
        found = []
        for frames in world.FRAMES:
            for _ in range(rounds):
                inputs, targets, weights = batches[frames](64, unsaid=0)
                found.append(torch.stack(losses(self.average(*inputs), targets, weights)))
        return torch.stack(found).mean(0).tolist()

    def run(self, held_out, report):
        """Trains until options.seconds after the program's start, or for options.steps."""
        began, told = time.time(), time.time()
        total = max(self.options.started + self.options.seconds - began, 1)
        recent, at = [], 0
        while self.step < self.options.steps and (done := (time.time() - began) / total) < 1:
            if self.options.steps < 2**31:
                done = self.step / self.options.steps
            recent.append(self.train_step(min(done, 1)))
            if self.step % 50 == 0 and time.time() - told > self.options.report:
                video, sound = torch.stack(recent).mean(0).tolist()
                pace = (time.time() - told) / (self.step - at)
                report(step=self.step, seconds=round(time.time() - began), ms=round(1e3 * pace, 2), video=video,
                       sound=sound, held_out=self.held_out(held_out))
                recent, told, at = [], time.time(), self.step


def export(model, out):
    """Writes transformer/ for orrery, and the state for --resume."""
    folder = out / "transformer"
    folder.mkdir(parents=True, exist_ok=True)
    last = f"layers.{model.config['num_hidden_layers'] - 1}."
    unread = [last + name for name in ("self_attn.to_out.", "post_attention_layernorm.", "mlp.")]
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()
             if not any(name.startswith(start) for start in unread)}
    save_file({name: value.bfloat16() for name, value in state.items()},
              folder / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})
    save_file({name: value.half() for name, value in state.items()}, out / "state.safetensors")
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n", encoding="utf-8")


def make_batches(clips, texts, device):
    return {frames: Batches(rows.to(device), latents.Geometry(frames, device), texts[frames])
            for frames, rows in clips.items()}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codecs", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/train_mini"))
    parser.add_argument("--seconds", type=float, default=560, help="of the whole call")
    parser.add_argument("--steps", type=int, default=2**31, help="of training, instead of the time")
    parser.add_argument("--encode-seconds", type=float, default=60)
    parser.add_argument("--encode-batch", type=int, default=48)
    parser.add_argument("--resume", type=pathlib.Path, help="a state.safetensors to start from")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=500, help="steps")
    parser.add_argument("--report", type=float, default=15, help="seconds between two lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--float32", dest="bf16", action="store_false")
    parser.set_defaults(started=time.time())
    return parser.parse_args()


def main():
    options = parse()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.enable_cudnn_sdp(False)  # slow with masks
    torch.manual_seed(options.seed)
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    log = open(options.out / "log.jsonl", "a", encoding="utf-8")

    def report(**line):
        text = json.dumps(line)
        print(text, flush=True)
        print(text, file=log, flush=True)

    encode = (wan.load(options.codecs / "vae", device).encode,
              sound.load(options.codecs / "sound_tokenizer", device).encode)
    clips = latents.cached(options.work / "clips.pt", lambda: latents.draw_many(
        encode, world.TRAIN, options.encode_batch, options.seed, device, seconds=options.encode_seconds))
    held_out = latents.draw_many(encode, world.HELD_OUT, options.encode_batch, options.seed + 1, device, batches=12)
    report(clips={frames: len(rows.size) for frames, rows in clips.items()},
           spread=[float(rows.std()) for rows in clips[world.FRAMES[0]][:2]], seconds=time.time() - options.started)
    texts = {frames: latents.Texts(options.out / "text_tokenizer/tokenizer.json", frames, device)
             for frames in world.FRAMES}
    clips, held_out = make_batches(clips, texts, device), make_batches(held_out, texts, device)
    sample = clips[world.FRAMES[0]].clips
    model = Transformer(make_config(sample.video.shape[-1] // 4, sample.sound.shape[-1])).to(device)
    if options.resume:
        model.load_state_dict(load_file(options.resume), strict=False)
    report(parameters=sum(p.numel() for p in model.parameters()))
    trainer = Trainer(model, clips, options, device)
    trainer.run(held_out, report)
    report(step=trainer.step, seconds=time.time() - options.started, held_out=trainer.held_out(held_out, 32))
    export(trainer.average, options.out)


if __name__ == "__main__":
    main()
