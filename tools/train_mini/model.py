"""Cosmos3's transformer for training on batches, with the published mathematics and tensor names.

The public diffusers class packs samples one after another and is the reference (test_model.py compares the two). Here, all
samples of a batch have the same number of tokens, and masks mark the padding.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def make_config(latent_channel, sound_dim):
    return {
        "_class_name": "Cosmos3OmniTransformer", "_diffusers_version": "0.42.1", "action_dim": None,
        "action_gen": False, "attention_bias": False, "attention_dropout": 0.0, "base_fps": 24,
        "enable_fps_modulation": True, "head_dim": 32, "hidden_act": "silu", "hidden_size": 256,
        "intermediate_size": 256, "latent_channel": latent_channel, "latent_patch_size": 2, "num_attention_heads": 16,
        "num_embodiment_domains": 32, "num_hidden_layers": 5, "num_key_value_heads": 8,
        "patch_latent_dim": 4 * latent_channel, "qk_norm_for_text": True, "rms_norm_eps": 1e-06,
        "rope_axes_dim": [6, 5, 5],
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [6, 5, 5], "rope_type": "default"},
        "rope_theta": 1000.0, "sound_dim": sound_dim, "sound_gen": True, "sound_latent_fps": 25.0,
        "timestep_scale": 0.001, "unified_3d_mrope_reset_spatial_ids": True,
        "unified_3d_mrope_temporal_modality_margin": 15000, "use_und_k_norm_for_gen": False, "vocab_size": 1024,
    }


class Norm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def linear(inputs, outputs, gain=1.0, bias=False):
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(inputs))
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        h, inner = c["hidden_size"], c["intermediate_size"]
        self.gate_proj, self.up_proj = linear(h, inner), linear(h, inner)
        self.down_proj = linear(inner, h, gain=1 / math.sqrt(2 * c["num_hidden_layers"]))

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def rotate(x, rope):
    first, second = x.chunk(2, -1)
    return x * rope[0] + torch.cat([-second, first], -1) * rope[1]


UND = ("to_q", "to_k", "to_v", "to_out", "norm_q", "norm_k")
GEN = ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out", "norm_added_q", "norm_added_k")


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        h, self.head_dim = c["hidden_size"], c["head_dim"]
        q, kv = c["num_attention_heads"] * self.head_dim, c["num_key_value_heads"] * self.head_dim
        self.group = q // kv
        for names in (UND, GEN):
            for name, width in zip(names, (q, kv, kv)):
                setattr(self, name, linear(h, width))
            setattr(self, names[3], linear(q, h, gain=1 / math.sqrt(2 * c["num_hidden_layers"])))
            for name in names[4:]:
                setattr(self, name, Norm(self.head_dim, c["rms_norm_eps"]))

    def qkv(self, names, x, rope):
        """(B, N, h) to queries, keys and values (B, heads, N, head_dim); keys and values are repeated for all query heads."""
        q, k, v = (getattr(self, name)(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for name in names[:3])
        q, k = rotate(getattr(self, names[4])(q), rope), rotate(getattr(self, names[5])(k), rope)
        return q.to(v.dtype), *(t.to(v.dtype).repeat_interleave(self.group, 1) for t in (k, v))

    def forward(self, text, media, text_rope, media_rope, keys, last):
        q, k, v = self.qkv(UND, text, text_rope)
        seen = None if last else self.to_out(merge(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
        media_q, media_k, media_v = self.qkv(GEN, media, media_rope)
        k, v = torch.cat([k, media_k], 2), torch.cat([v, media_v], 2)
        return seen, self.to_add_out(merge(F.scaled_dot_product_attention(media_q, k, v, attn_mask=keys)))


def merge(heads):
    return heads.transpose(1, 2).flatten(-2)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn, self.mlp, self.mlp_moe_gen = Attention(c), Mlp(c), Mlp(c)
        for name in ("input_layernorm", "post_attention_layernorm"):
            setattr(self, name, Norm(c["hidden_size"], c["rms_norm_eps"]))
            setattr(self, name + "_moe_gen", Norm(c["hidden_size"], c["rms_norm_eps"]))

    def forward(self, text, media, text_rope, media_rope, keys, last):
        seen, found = self.self_attn(self.input_layernorm(text), self.input_layernorm_moe_gen(media), text_rope,
                                     media_rope, keys, last)
        media = media + found
        media = media + self.mlp_moe_gen(self.post_attention_layernorm_moe_gen(media))
        if not last:  # only the keys and values of the text's last layer are used
            text = text + seen
            text = text + self.mlp(self.post_attention_layernorm(text))
        return text, media


class TimeEmbedder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.linear_1, self.linear_2 = linear(256, hidden, bias=True), linear(hidden, hidden, bias=True)

    def forward(self, time):
        rates = torch.exp(torch.arange(128, device=time.device) * (-math.log(10000) / 128))
        with torch.autocast(time.device.type, enabled=False):
            angles = time.float()[:, None] * rates
            return self.linear_2(F.silu(self.linear_1(torch.cat([angles.cos(), angles.sin()], -1))))


class Transformer(nn.Module):
    """`config` is the content of transformer/config.json."""

    def __init__(self, config):
        super().__init__()
        c, h, patch = config, config["hidden_size"], 4 * config["latent_channel"]
        self.config = c
        self.embed_tokens = nn.Embedding(c["vocab_size"], h)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm_moe_gen = Norm(h, c["rms_norm_eps"])
        self.proj_in, self.proj_out = linear(patch, h, bias=True), linear(h, patch, 0.0, bias=True)
        self.audio_proj_in = linear(c["sound_dim"], h, bias=True)
        self.audio_proj_out = linear(h, c["sound_dim"], 0.0, bias=True)
        self.audio_modality_embed = nn.Parameter(0.02 * torch.randn(h))
        self.time_embedder = TimeEmbedder(h)

    def rope(self, places):
        """RoPE's cosines and sines, (B, 1, N, head_dim) each, for positions (B, N, 3): t, row, column."""
        d, sections = self.config["head_dim"], self.config["rope_axes_dim"]
        axes = [j % 3 if j % 3 and j < 3 * sections[j % 3] else 0 for j in range(d // 2)]
        rates = 1 / self.config["rope_theta"] ** (torch.arange(0, d, 2, device=places.device) / d)
        angles = (places[..., axes] * rates).repeat(1, 1, 2)[:, None]
        return angles.cos(), angles.sin()

    def forward(self, ids, lengths, video, sound, timestep, noisy, places, present):
        """Velocities of video (B, V, 4C) and sound (B, S, sound_dim) tokens.

        ids (B, L) are padded at the end; lengths (B,) are those of the texts; timestep (B,) is in 0 to 1000; noisy (B, V) is 1
        for video tokens with the noise of `timestep` and 0 for given ones; places (B, V + S, 3) are positions relative to the
        text's end; present (B, V + S) is false for padding.
        """
        c = self.config
        count, device = ids.shape[1], ids.device
        text = self.embed_tokens(ids)
        time = self.time_embedder(timestep * c["timestep_scale"])[:, None]
        media = torch.cat([self.proj_in(video) + time * noisy[..., None],
                           self.audio_proj_in(sound) + self.audio_modality_embed + time], 1)
        start = lengths.float() + float(c["unified_3d_mrope_temporal_modality_margin"])
        places = torch.cat([places[..., :1] + start[:, None, None], places[..., 1:]], -1)
        order = torch.arange(count, device=device)
        ropes = self.rope(order.float()[None, :, None].expand(1, count, 3)), self.rope(places)
        keys = torch.cat([order < lengths[:, None], present], 1)[:, None, None]
        for i, layer in enumerate(self.layers):
            text, media = layer(text, media, *ropes, keys, i + 1 == len(self.layers))
        media = self.norm_moe_gen(media)
        return self.proj_out(media[:, :video.shape[1]]), self.audio_proj_out(media[:, video.shape[1]:])
