#!/usr/bin/env python3
"""Writes a checkpoint in the published layout with seeded random weights, to run before the real one is available.

demo    11 MB: tensor parallel over up to 4 ranks, text, video encoder and decoder, sound
load2g  2 GB of transformer in 4 shards, to measure loading
nano    28 GB of transformer in 6 shards, the layers of Cosmos3 Nano, to measure loading at true size

Norm weights are 1 and matrices have a standard deviation of 1/sqrt(inputs), so activations and latents stay of order one.
"""

import argparse
import array
import json
import math
import pathlib
import random
import shutil
import struct
import sys

import demo_tokenizer

PRESETS = {
    "demo": dict(hidden=128, intermediate=384, layers=4, heads=8, kv_heads=4, head_dim=32, sections=[6, 5, 5],
                 sound=True, shards=2),
    "load2g": dict(hidden=2048, intermediate=6144, layers=10, heads=16, kv_heads=8, head_dim=128, sections=[24, 20, 20],
                   sound=False, shards=4),
    "nano": dict(hidden=4096, intermediate=12288, layers=36, heads=32, kv_heads=8, head_dim=128, sections=[24, 20, 20],
                 sound=False, shards=6),
}
VOCABULARY = 1024
LATENT_CHANNELS = 16
VAE_DIM = 16
DIM_MULT = [1, 2, 4, 4]
TIME_DOWN = [False, True, True]
SOUND_CHANNELS = 16
SOUND_DIM = 8
SOUND_WIDTHS = [1, 2, 4, 8, 16]
SOUND_STRIDES = [2, 4, 5, 6, 8]


class Normal:
    """Normal bfloat16 numbers. Each tensor repeats one long block from a random offset, since drawing a billion numbers one
    by one would take minutes. The block's length is prime, so that the rows of a matrix differ."""

    LENGTH = 262139

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.unit = [self.random.gauss(0, 1) for _ in range(self.LENGTH)]
        self.blocks = {}

    def block(self, mean, spread):
        if (mean, spread) not in self.blocks:
            values = array.array("f", (mean + spread * value for value in self.unit))
            if sys.byteorder == "big":
                values.byteswap()
            single, half = values.tobytes(), bytearray(2 * self.LENGTH)
            half[0::2], half[1::2] = single[2::4], single[3::4]
            self.blocks[mean, spread] = memoryview(bytes(half))
        return self.blocks[mean, spread]

    def write(self, file, count, mean, spread):
        block = self.block(mean, spread)
        at = self.random.randrange(self.LENGTH)
        while count > 0:
            run = min(count, self.LENGTH - at)
            file.write(block[2 * at:2 * (at + run)])
            count, at = count - run, 0


class Tensors:
    """Names, shapes, means and standard deviations of a component's tensors, in file order."""

    def __init__(self):
        self.list = []

    def norm(self, name, *shape):
        self.list.append((name, shape, 1.0, 0.0))

    def matrix(self, name, *shape, gain=1.0, bias=False):
        self.list.append((name + ".weight", shape, 0.0, gain / math.sqrt(math.prod(shape[1:]))))
        if bias:
            self.list.append((name + ".bias", shape[:1], 0.0, 0.02))

    def normed(self, name, *shape, length=1.0, bias=None):
        """A weight-normalised convolution: directions (weight_v) and the length of each row (weight_g)."""
        self.list.append((name + ".weight_g", (shape[0], 1, 1), length, 0.0))
        self.list.append((name + ".weight_v", shape, 0.0, 1.0))
        if bias:
            self.list.append((name + ".bias", (bias,), 0.0, 0.02))

    def snake(self, name, channels):
        """A snake activation: the logarithms of its rate and gain."""
        self.list.append((name + ".alpha", (1, channels, 1), 0.0, 0.1))
        self.list.append((name + ".beta", (1, channels, 1), 0.0, 0.1))


def layer(t, at, p, q_names, mlp, suffix):
    """One tower's part of a layer. `q_names` are q, k, v, out and the two head norms."""
    q, kv, h = p["heads"] * p["head_dim"], p["kv_heads"] * p["head_dim"], p["hidden"]
    depth = 1 / math.sqrt(2 * p["layers"])
    t.norm(f"{at}.input_layernorm{suffix}.weight", h)
    for name, rows in zip(q_names, (q, kv, kv)):
        t.matrix(f"{at}.self_attn.{name}", rows, h)
    t.matrix(f"{at}.self_attn.{q_names[3]}", h, q, gain=depth)
    for name in q_names[4:]:
        t.norm(f"{at}.self_attn.{name}.weight", p["head_dim"])
    t.norm(f"{at}.post_attention_layernorm{suffix}.weight", h)
    t.matrix(f"{at}.{mlp}.gate_proj", p["intermediate"], h)
    t.matrix(f"{at}.{mlp}.up_proj", p["intermediate"], h)
    t.matrix(f"{at}.{mlp}.down_proj", h, p["intermediate"], gain=depth)


def transformer(p):
    t, h, patch = Tensors(), p["hidden"], 4 * LATENT_CHANNELS
    t.list.append(("embed_tokens.weight", (VOCABULARY, h), 0.0, 1.0))
    t.matrix("proj_in", h, patch, bias=True)
    t.matrix("time_embedder.linear_1", h, 256, bias=True)
    t.matrix("time_embedder.linear_2", h, h, bias=True)
    for i in range(p["layers"]):
        und = ["to_q", "to_k", "to_v", "to_out", "norm_q", "norm_k"]
        gen = ["add_q_proj", "add_k_proj", "add_v_proj", "to_add_out", "norm_added_q", "norm_added_k"]
        layer(t, f"layers.{i}", p, und, "mlp", "")
        layer(t, f"layers.{i}", p, gen, "mlp_moe_gen", "_moe_gen")
    t.norm("norm.weight", h)
    t.norm("norm_moe_gen.weight", h)
    t.matrix("lm_head", VOCABULARY, h)
    t.matrix("proj_out", patch, h, bias=True)
    if p["sound"]:
        t.matrix("audio_proj_in", h, SOUND_CHANNELS, bias=True)
        t.list.append(("audio_modality_embed", (h,), 0.0, 0.02))
        t.matrix("audio_proj_out", SOUND_CHANNELS, h, bias=True)
    return t.list


def resnet(t, at, inputs, outputs):
    t.norm(f"{at}.norm1.gamma", inputs, 1, 1, 1)
    t.matrix(f"{at}.conv1", outputs, inputs, 3, 3, 3, bias=True)
    t.norm(f"{at}.norm2.gamma", outputs, 1, 1, 1)
    t.matrix(f"{at}.conv2", outputs, outputs, 3, 3, 3, bias=True)
    if inputs != outputs:
        t.matrix(f"{at}.conv_shortcut", outputs, inputs, 1, 1, 1, bias=True)


def middle(t, at, dim):
    t.norm(f"{at}.attentions.0.norm.gamma", dim, 1, 1)
    t.matrix(f"{at}.attentions.0.to_qkv", 3 * dim, dim, 1, 1, bias=True)
    t.matrix(f"{at}.attentions.0.proj", dim, dim, 1, 1, bias=True)
    resnet(t, f"{at}.resnets.0", dim, dim)
    resnet(t, f"{at}.resnets.1", dim, dim)


def encoder(t):
    dims = [VAE_DIM * m for m in [1, *DIM_MULT]]
    t.matrix("encoder.conv_in", dims[0], 12, 3, 3, 3, bias=True)
    for i, (inputs, outputs) in enumerate(zip(dims, dims[1:])):
        at = f"encoder.down_blocks.{i}"
        resnet(t, f"{at}.resnets.0", inputs, outputs)
        if i < len(TIME_DOWN):
            t.matrix(f"{at}.downsampler.resample.1", outputs, outputs, 3, 3, bias=True)
            if TIME_DOWN[i]:
                t.matrix(f"{at}.downsampler.time_conv", outputs, outputs, 3, 1, 1, bias=True)
    middle(t, "encoder.mid_block", dims[-1])
    t.norm("encoder.norm_out.gamma", dims[-1], 1, 1, 1)
    t.matrix("encoder.conv_out", 2 * LATENT_CHANNELS, dims[-1], 3, 3, 3, bias=True)


def decoder(t):
    dims = [VAE_DIM * m for m in [DIM_MULT[-1], *reversed(DIM_MULT)]]
    time_up = TIME_DOWN[::-1]
    t.matrix("decoder.conv_in", dims[0], LATENT_CHANNELS, 3, 3, 3, bias=True)
    middle(t, "decoder.mid_block", dims[0])
    for i, (inputs, outputs) in enumerate(zip(dims, dims[1:])):
        at = f"decoder.up_blocks.{i}"
        resnet(t, f"{at}.resnets.0", inputs, outputs)
        resnet(t, f"{at}.resnets.1", outputs, outputs)
        if i < len(time_up):
            t.matrix(f"{at}.upsampler.resample.1", outputs, outputs, 3, 3, bias=True)
            if time_up[i]:
                t.matrix(f"{at}.upsampler.time_conv", 2 * outputs, outputs, 3, 1, 1, bias=True)
    t.norm("decoder.norm_out.gamma", dims[-1], 1, 1, 1)
    t.matrix("decoder.conv_out", 12, dims[-1], 3, 3, 3, gain=0.7, bias=True)


def vae():
    t = Tensors()
    encoder(t)
    t.matrix("quant_conv", 2 * LATENT_CHANNELS, 2 * LATENT_CHANNELS, 1, 1, 1, bias=True)
    t.matrix("post_quant_conv", LATENT_CHANNELS, LATENT_CHANNELS, 1, 1, 1, bias=True)
    decoder(t)
    return t.list


def wave_residual(t, at, channels):
    t.snake(f"{at}.snake1", channels)
    t.normed(f"{at}.conv1", channels, channels, 7, bias=channels)
    t.snake(f"{at}.snake2", channels)
    t.normed(f"{at}.conv2", channels, channels, 1, length=0.25, bias=channels)


def wave_block(t, at, inputs, outputs, stride):
    t.snake(f"{at}.snake1", inputs)
    spread = math.sqrt(outputs * stride / inputs)  # a row feeds 2 * stride samples of every output
    t.normed(f"{at}.conv_t1", inputs, outputs, 2 * stride, length=spread, bias=outputs)
    for unit in ("res_unit1", "res_unit2", "res_unit3"):
        wave_residual(t, f"{at}.{unit}", outputs)


def sound():
    t, widths = Tensors(), [SOUND_DIM * m for m in [1, *SOUND_WIDTHS]][::-1]
    t.normed("decoder.conv1", widths[0], SOUND_CHANNELS, 7, bias=widths[0])
    for i, stride in enumerate(reversed(SOUND_STRIDES)):
        wave_block(t, f"decoder.block.{i}", widths[i], widths[i + 1], stride)
    t.snake("decoder.snake1", widths[-1])
    t.normed("decoder.conv2", 2, widths[-1], 7, length=0.07)
    return t.list


def transformer_config(p):
    return {
        "_class_name": "Cosmos3OmniTransformer", "_diffusers_version": "0.40.0.dev0", "action_dim": None,
        "action_gen": False, "attention_bias": False, "attention_dropout": 0.0, "base_fps": 24,
        "enable_fps_modulation": True, "head_dim": p["head_dim"], "hidden_act": "silu", "hidden_size": p["hidden"],
        "intermediate_size": p["intermediate"], "latent_channel": LATENT_CHANNELS, "latent_patch_size": 2,
        "num_attention_heads": p["heads"], "num_embodiment_domains": 32, "num_hidden_layers": p["layers"],
        "num_key_value_heads": p["kv_heads"], "patch_latent_dim": 4 * LATENT_CHANNELS, "qk_norm_for_text": True,
        "rms_norm_eps": 1e-06, "rope_axes_dim": p["sections"],
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": p["sections"], "rope_type": "default"},
        "rope_theta": 5000000.0, "sound_dim": SOUND_CHANNELS, "sound_gen": p["sound"], "sound_latent_fps": 25.0,
        "timestep_scale": 0.001,
        "unified_3d_mrope_reset_spatial_ids": True, "unified_3d_mrope_temporal_modality_margin": 15000,
        "use_und_k_norm_for_gen": False, "vocab_size": VOCABULARY,
    }


def vae_config(numbers):
    return {
        "_class_name": "AutoencoderKLWan", "_diffusers_version": "0.40.0.dev0", "attn_scales": [], "base_dim": VAE_DIM,
        "decoder_base_dim": VAE_DIM, "dim_mult": DIM_MULT, "dropout": 0.0, "in_channels": 12, "is_residual": True,
        "latents_mean": [round(numbers.gauss(0, 0.1), 4) for _ in range(LATENT_CHANNELS)],
        "latents_std": [round(numbers.uniform(0.8, 1.2), 4) for _ in range(LATENT_CHANNELS)],
        "num_res_blocks": 1, "out_channels": 12, "patch_size": 2, "scale_factor_spatial": 16,
        "scale_factor_temporal": 4, "temperal_downsample": TIME_DOWN, "z_dim": LATENT_CHANNELS,
    }


SOUND_CONFIG = {
    "_class_name": "Cosmos3AVAEAudioTokenizer", "_diffusers_version": "0.40.0.dev0", "activation": "snakebeta",
    "anti_aliasing": False, "bottleneck": None, "bottleneck_type": "vae", "causal": False, "dec_anti_aliasing": False,
    "dec_c_mults": SOUND_WIDTHS, "dec_dim": SOUND_DIM, "dec_final_tanh": False, "dec_out_channels": 2,
    "dec_strides": SOUND_STRIDES, "dec_type": "oobleck", "dec_use_nearest_upsample": False, "dec_use_snake": True,
    "dec_use_tanh_at_final": False, "hop_size": None, "input_channels": 1, "latent_mean": None, "latent_std": None,
    "model_type": "autoencoder_v2", "normalize_volume": True, "padding_mode": "zeros", "sampling_rate": 48000,
    "snake_logscale": True, "stereo": True, "use_cuda_kernel": False, "use_wav_as_input": True,
    "vocoder_input_dim": SOUND_CHANNELS,
}

SCHEDULER_CONFIG = {
    "_class_name": "UniPCMultistepScheduler", "use_karras_sigmas": True, "flow_shift": 1.0, "num_train_timesteps": 1000,
    "solver_order": 2, "solver_type": "bh2", "prediction_type": "flow_prediction", "use_flow_sigmas": True,
    "sigma_max": 200.0, "sigma_min": 0.147, "predict_x0": True, "lower_order_final": True, "final_sigmas_type": "zero",
}


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_safetensors(path, tensors, normal):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape, _, _ in tensors:
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, shape, mean, spread in tensors:
            normal.write(file, math.prod(shape), mean, spread)


def split(tensors, count):
    """Splits tensors into `count` consecutive shards of about equal size."""
    total = sum(math.prod(shape) for _, shape, _, _ in tensors)
    shards, done = [[] for _ in range(count)], 0
    for tensor in tensors:
        shards[min(count - 1, done * count // total)].append(tensor)
        done += math.prod(tensor[1])
    return shards


def write_component(folder, tensors, count, normal):
    folder.mkdir(parents=True, exist_ok=True)
    stem = "diffusion_pytorch_model"
    if count == 1:
        return write_safetensors(folder / f"{stem}.safetensors", tensors, normal)
    weight_map = {}
    for i, shard in enumerate(split(tensors, count), start=1):
        name = f"{stem}-{i:05}-of-{count:05}.safetensors"
        write_safetensors(folder / name, shard, normal)
        weight_map |= {tensor[0]: name for tensor in shard}
    size = sum(2 * math.prod(shape) for _, shape, _, _ in tensors)
    write_json(folder / f"{stem}.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})


def write_checkpoint(folder, preset, seed):
    normal = Normal(seed)
    write_json(folder / "transformer/config.json", transformer_config(preset))
    write_component(folder / "transformer", transformer(preset), preset["shards"], normal)
    write_json(folder / "vae/config.json", vae_config(normal.random))
    write_component(folder / "vae", vae(), 1, normal)
    if preset["sound"]:
        write_json(folder / "sound_tokenizer/config.json", SOUND_CONFIG)
        write_component(folder / "sound_tokenizer", sound(), 1, normal)
    write_json(folder / "scheduler/scheduler_config.json", SCHEDULER_CONFIG)
    write_json(folder / "text_tokenizer/tokenizer.json", demo_tokenizer.tokenizer())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to make; it must not exist")
    parser.add_argument("--preset", choices=PRESETS, default="demo")
    parser.add_argument("--layers", type=int, help="another number than the preset has")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.out.exists():
        sys.exit(f"{options.out} exists: remove it, or choose another --out")
    temporary = options.out.with_name(options.out.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    layers = {} if options.layers is None else {"layers": options.layers}
    write_checkpoint(temporary, PRESETS[options.preset] | layers, options.seed)
    temporary.rename(options.out)
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {options.preset}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
