#!/usr/bin/env python3
"""Times one guidance branch of diffusers' compiled Cosmos3OmniTransformer on a GPU, to compare with `orrery bench --what step`.

    peer_diffusers.py [--size 1280x720] [--frames 189] [--text 512] [--layers 36] [--attention _native_cudnn] [--json]

Nano's shapes with random weights in bfloat16, a video without sound, batch 1; layers are compiled separately, as diffusers
recommends for repeated blocks. Needs torch and the package diffusers 0.42 (with huggingface_hub).
"""

import argparse
import json
import statistics

import diffusers
import torch


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=189)
    parser.add_argument("--text", type=int, default=512)
    parser.add_argument("--layers", type=int, default=36)
    parser.add_argument("--attention", default="_native_cudnn")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


# The standard deviations of random:nano's weights. They affect the time: a GPU at its power limit multiplies similar numbers
# faster, and with equal deviations for all matrices, the tokens of deeper layers would be nearly the same vector.
def spread(name, parameter, layers):
    if "embed_tokens" in name:
        return 1
    if parameter.ndim < 2:
        return 0.02
    adds = any(part in name for part in ("to_out", "to_add_out", "down_proj"))
    return parameter.shape[-1] ** -0.5 / ((2 * layers) ** 0.5 if adds else 1)


def make_model(layers):
    with torch.device("cuda"):
        torch.set_default_dtype(torch.bfloat16)
        model = diffusers.Cosmos3OmniTransformer(num_hidden_layers=layers, sound_gen=False)
        torch.set_default_dtype(torch.float32)
    for name, parameter in model.named_parameters():
        if "norm" not in name:  # their gains are 1
            torch.nn.init.normal_(parameter, std=spread(name, parameter, layers))
    model.time_embedder.float()
    return model.eval()


def inputs(text, t, h, w):
    tokens = t * h * w
    places = torch.stack(torch.meshgrid(torch.arange(t), torch.arange(h), torch.arange(w), indexing="ij"), -1).reshape(-1, 3)
    words = torch.arange(text)[:, None].expand(text, 3)
    video_at = torch.arange(tokens) + text
    given = dict(
        input_ids=torch.randint(0, 1000, (text,)), text_indexes=torch.arange(text),
        position_ids=torch.cat([words, places + text + 15000]).T.float(),
        vision_tokens=[torch.randn(1, 48, t, 2 * h, 2 * w, dtype=torch.bfloat16)], vision_sequence_indexes=video_at,
        vision_mse_loss_indexes=video_at, vision_timesteps=torch.full((tokens,), 500.0),
        vision_noisy_frame_indexes=[torch.arange(t)])
    on_gpu = lambda x: [on_gpu(each) for each in x] if isinstance(x, list) else x.cuda()
    return {name: on_gpu(value) for name, value in given.items()} | dict(
        und_len=text, sequence_length=text + tokens, vision_token_shapes=[(t, h, w)])


@torch.no_grad()
def milliseconds(model, given, runs):
    for _ in range(2):
        model(**given)
    times = []
    for _ in range(runs):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        model(**given)
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    return times


def main():
    options = parse()
    width, height = map(int, options.size.split("x"))
    model = make_model(options.layers)
    model.set_attention_backend(options.attention)
    model.compile_repeated_blocks(fullgraph=True)
    given = inputs(options.text, (options.frames - 1) // 4 + 1, height // 32, width // 32)
    times = milliseconds(model, given, options.runs)
    line = dict(what="peer", name="diffusers branch, compiled", size=options.size, frames=options.frames, text=options.text,
                attention=options.attention, median_ms=statistics.median(times), min_ms=min(times), max_ms=max(times),
                peak_gb=torch.cuda.max_memory_allocated() / 1e9, diffusers=diffusers.__version__, torch=torch.__version__,
                device=torch.cuda.get_device_name())
    print(json.dumps(line) if options.json else f"{line['name']}: {line['median_ms']:.1f} ms ({options.attention})")


if __name__ == "__main__":
    main()
