#!/usr/bin/env python3
"""Computes latents of requests with the public diffusers class, in float32: reference.py CHECKPOINT MANIFEST OUT.safetensors

Reads requests of orrery's manifests (plain prompts without conditions) and writes ID.video (1, C, t, h, w) and, with
sound, ID.sound (1, S, T).
"""

import argparse
import json
import math
import pathlib

import torch
from diffusers import Cosmos3OmniTransformer
from safetensors.torch import load_file, save_file

import layout
import prompts
import sampler


def load_transformer(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Cosmos3OmniTransformer.from_config(config).float().eval()
    missing, unknown = model.load_state_dict(load_file(folder / "diffusion_pytorch_model.safetensors"), strict=False)
    if unknown or any(name.startswith("layers.0") or "moe_gen" in name for name in missing):
        raise SystemExit(f"{folder}: unknown tensors {unknown}, missing tensors {missing}")
    return model


def velocity(model, ids, video, sound, timestep):
    """Velocities of video (1, C, t, h, w) and sound (1, S, T) or None, as a list like [video] or [video, sound]."""
    t, h, w = video.shape[2:]
    count, tokens, steps = len(ids), t * (h // 2) * (w // 2), 0 if sound is None else sound.shape[2]
    start = torch.tensor([float(count + model.config.unified_3d_mrope_temporal_modality_margin), 0, 0])
    places = torch.cat([torch.arange(count).float()[:, None].expand(count, 3), layout.video_places(t, h, w) + start,
                        layout.sound_places(steps) + start]).T
    time = torch.tensor(float(timestep))
    video_at, sound_at = torch.arange(tokens) + count, torch.arange(steps) + count + tokens
    more = {} if sound is None else dict(
        sound_tokens=[sound[0]], sound_token_shapes=[(steps, 1, 1)], sound_sequence_indexes=sound_at,
        sound_mse_loss_indexes=sound_at, sound_timesteps=time.expand(steps),
        sound_noisy_frame_indexes=[torch.arange(steps)])
    found = model(
        input_ids=torch.tensor(ids), text_indexes=torch.arange(count), position_ids=places, und_len=count,
        sequence_length=count + tokens + steps, vision_tokens=[video], vision_token_shapes=[(t, h // 2, w // 2)],
        vision_sequence_indexes=video_at, vision_mse_loss_indexes=video_at, vision_timesteps=time.expand(tokens),
        vision_noisy_frame_indexes=[torch.arange(t)], **more)
    return [found.sample[0]] + ([] if sound is None else [found.sound[0][None]])


@torch.no_grad()
def latents(model, ids_of, request):
    frames, size = request["num_frames"], (request["height"], request["width"])
    shape = (1, model.config.latent_channel, (frames - 1) // 4 + 1, size[0] // 16, size[1] // 16)
    starts = [sampler.noise(request["seed"], shape)]
    if request.get("sound"):
        steps = math.ceil(frames / prompts.FPS * model.config.sound_latent_fps)
        starts.append(sampler.noise(request["seed"], (1, model.config.sound_dim, steps)))
    texts = {True: ids_of(prompts.caption(request["prompt"], frames, size)),
             False: ids_of(prompts.negative_caption(request["negative_prompt"], frames, size))}
    answer = lambda x, timestep, cond: velocity(model, texts[cond], x[0], x[1] if len(x) > 1 else None, timestep)
    return sampler.sample(answer, starts, request["steps"], request.get("flow_shift", 10.0), request["guidance_scale"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    model = load_transformer(options.checkpoint / "transformer")
    ids_of = prompts.Prompts(options.checkpoint / "text_tokenizer/tokenizer.json")
    found = {}
    for line in options.manifest.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        request = json.loads(line)
        parts = zip(("video", "sound"), latents(model, ids_of, request))
        found |= {f"{request['id']}.{name}": latent.contiguous() for name, latent in parts}
    save_file(found, options.out)


if __name__ == "__main__":
    main()
