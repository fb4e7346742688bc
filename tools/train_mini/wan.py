"""The video VAE of the small checkpoint: the public AutoencoderKLWan, and the same computation for a whole clip at once.

The public class processes a clip one latent frame at a time, so a GPU mostly waits for Python. All of its layers are causal,
so one pass over all frames gives the same values; `whole_clip` changes a model's layers to do that, with each 3×3×3
convolution as a 2-D convolution of the channels of three frames.

  load(folder, device)   a trained model as Codec: encode(video) and decode(latent) between (B, 3, T, H, W) in [-1, 1]
                         and normalised latents (B, 16, t, H/16, W/16), both float32
"""

import types

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders import autoencoder_kl_wan as public

Z = 16


def make():
    return AutoencoderKLWan(base_dim=16, decoder_base_dim=16, z_dim=Z, dim_mult=[1, 2, 4, 4], num_res_blocks=1,
                            temperal_downsample=[False, True, True], latents_mean=[0.0] * Z, latents_std=[1.0] * Z,
                            is_residual=True, in_channels=12, out_channels=12, patch_size=2, scale_factor_temporal=4,
                            scale_factor_spatial=16)


def last(x):
    return x.permute(0, 2, 3, 4, 1)  # (B, T, H, W, C)


def first(x):
    return x.permute(0, 4, 1, 2, 3)  # (B, C, T, H, W), channels still contiguous


def planes(x, weight, bias, padding=0, stride=1):
    """Convolves each frame of (B, T, H, W, C) in 2-D."""
    flat = x.reshape(-1, *x.shape[2:]).permute(0, 3, 1, 2)
    y = F.conv2d(flat, weight.contiguous(memory_format=torch.channels_last), bias, stride, padding).permute(0, 2, 3, 1)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def causal_conv(self, x, cache_x=None):
    kernel, x = self.kernel_size, last(x)
    if kernel[0] > 1:
        lead = self._padding[4]
        x = F.pad(x, (0, 0, 0, 0, 0, 0, lead, 0)) if lead else x
        frames, stride = x.shape[1], self.stride[0]
        count = (frames - kernel[0]) // stride + 1
        x = torch.cat([x[:, k:k + stride * count:stride] for k in range(kernel[0])], dim=-1)
    weight = self.weight.permute(0, 2, 1, 3, 4).flatten(1, 2)  # channels of the earliest frame first
    return first(planes(x, weight, self.bias, self._padding[0]))


def rms_norm(self, x):
    axes = (0, 2, 3, 4, 1) if x.dim() == 5 else (0, 2, 3, 1)
    back = (0, 4, 1, 2, 3) if x.dim() == 5 else (0, 3, 1, 2)
    y = F.rms_norm(x.permute(axes), (x.shape[1],), self.gamma.flatten().to(x.dtype), 1e-12)
    return y.permute(back)


def resample(self, x, feat_cache=None, feat_idx=None):
    conv = self.resample[1]
    if self.mode == "upsample3d":
        pairs = last(self.time_conv(x[:, :, 1:]))  # the first latent frame is one picture, the others are four
        b, t, h, w, c = pairs.shape
        pairs = pairs.view(b, t, h, w, 2, c // 2).permute(0, 1, 4, 2, 3, 5).reshape(b, 2 * t, h, w, c // 2)
        x = first(torch.cat([last(x[:, :, :1]), pairs], dim=1))
    x = last(x)
    if self.mode.startswith("upsample"):
        b, t, h, w, c = x.shape
        x = x[:, :, :, None, :, None].expand(b, t, h, 2, w, 2, c).reshape(b, t, 2 * h, 2 * w, c)
        return first(planes(x, conv.weight, conv.bias, 1))
    x = first(planes(F.pad(x, (0, 0, 0, 1, 0, 1)), conv.weight, conv.bias, 0, 2))
    if self.mode == "downsample3d":
        x = torch.cat([x[:, :, :1], self.time_conv(x)], dim=2)
    return x


def average_down(self, x):
    x, ft, fs = last(x), self.factor_t, self.factor_s
    x = F.pad(x, (0, 0, 0, 0, 0, 0, -x.shape[1] % ft, 0))
    b, t, h, w, c = x.shape
    x = x.view(b, t // ft, ft, h // fs, fs, w // fs, fs, c).permute(0, 1, 3, 5, 7, 2, 4, 6)
    return first(x.reshape(b, t // ft, h // fs, w // fs, self.out_channels, self.group_size).mean(-1))


def repeat_up(self, x, first_chunk=True):
    x, ft, fs = last(x), self.factor_t, self.factor_s
    b, t, h, w, c = x.shape
    x = x[..., None].expand(b, t, h, w, c, self.repeats).reshape(b, t, h, w, self.out_channels, ft, fs, fs)
    x = x.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, t * ft, h * fs, w * fs, self.out_channels)
    return first(x[:, ft - 1:])


def whole_clip(model):
    """Changes the layers of `model` in place; keeps weights and their names."""
    changed = {public.WanCausalConv3d: causal_conv, public.WanRMS_norm: rms_norm, public.WanResample: resample,
               public.AvgDown3D: average_down, public.DupUp3D: repeat_up}
    for module in model.modules():
        if type(module) in changed:
            module.forward = types.MethodType(changed[type(module)], module)
    return model


def encode(model, video):
    """(B, 3, T, H, W) to the means (B, 16, t, h, w), before normalisation."""
    return model.quant_conv(model.encoder(public.patchify(video, 2)))[:, :Z]


def decode(model, latent):
    """(B, 16, t, h, w), not normalised, to (B, 3, T, H, W), not clamped."""
    return public.unpatchify(model.decoder(model.post_quant_conv(latent), first_chunk=True), 2)


class Codec:
    def __init__(self, model, device):
        self.model = whole_clip(model.to(device, torch.float32)).eval().requires_grad_(False)
        self.mean, self.std = (torch.tensor(numbers, device=device).view(1, Z, 1, 1, 1)
                               for numbers in (model.config.latents_mean, model.config.latents_std))

    @torch.no_grad()
    def encode(self, video):
        return (encode(self.model, video).float() - self.mean) / self.std

    @torch.no_grad()
    def decode(self, latent):
        return decode(self.model, latent * self.std + self.mean).float().clamp(-1, 1)


def load(folder, device):
    return Codec(AutoencoderKLWan.from_pretrained(folder, torch_dtype=torch.float32, low_cpu_mem_usage=False), device)
