#!/usr/bin/env python3
"""Writes a checkpoint whose transformer is in 8 bits, in the layout of NVIDIA's published fp8 revisions (ModelOpt).

  make_fp8_checkpoint.py SOURCE OUT [--dequantised]

The layers' matrices become float8_e4m3, with MODULE.weight_scale = max|W| / 448 and MODULE.input_scale. Everything else stays
as in SOURCE, including the modules that --exclude names (a pattern such as layers.0.*; may be repeated). The input scales are
not calibrated: they are for activations up to --largest-input; 0 omits them.
--dequantised writes the rounded values as float32 instead, with which a program that reads the 8-bit ones must agree.
"""

import argparse
import fnmatch
import json
import pathlib
import re
import shutil
import struct

import numpy

LARGEST = 448
STEP_POLICY = {"schema_version": 1, "type": "first_last_n", "index_space": "denoising_loop_iteration", "scope": ["transformer"],
               "default_mode": "native", "first_steps": {"count": 3, "mode": "a16"}, "last_steps": {"count": 3, "mode": "a16"},
               "overlap": "a16", "reasoner": "a16"}
IGNORED = ["proj_in", "proj_out", "time_embedder*", "audio_proj_in", "audio_proj_out", "action_proj_in", "action_proj_out", "lm_head"]
INDEX = "diffusion_pytorch_model.safetensors.index.json"


def magnitudes():
    """The finite magnitudes of float8_e4m3, for the codes 0 to 126."""
    code = numpy.arange(127)
    exponent, fraction = code >> 3, code & 7
    return numpy.where(exponent == 0, fraction * 2.0**-9, (8 + fraction) * 2.0**(exponent - 10.0))


def to_float8(values):
    """The float8_e4m3 codes of the nearest values, ties to the even code."""
    table = magnitudes()
    between = (table[1:] + table[:-1]) / 2
    size = numpy.minimum(numpy.abs(values.astype(numpy.float64)), LARGEST)
    code = numpy.searchsorted(between, size)
    tie = (code < len(between)) & (between[numpy.minimum(code, len(between) - 1)] == size) & (code % 2 == 1)
    return (code + tie + 128 * numpy.signbit(values)).astype(numpy.uint8)


def from_float8(codes):
    return (magnitudes()[codes & 127] * numpy.where(codes & 128, -1, 1)).astype(numpy.float32)


def read_file(path):
    """{name: (dtype, shape, bytes)} of a safetensors file."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def write_file(path, tensors):
    header, data = {}, bytearray()
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def numbers(dtype, content):
    if dtype == "BF16":
        return (numpy.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4")
    return numpy.frombuffer(content, {"F32": "<f4", "F16": "<f2"}[dtype]).astype(numpy.float32)


def is_quantised(name, shape, excluded):
    module = name.removesuffix(".weight")
    named = any(fnmatch.fnmatchcase(module, pattern) for pattern in excluded)
    return re.match(r"layers\.\d+\..*\.weight$", name) is not None and len(shape) == 2 and not named


def quantised(name, tensor, largest_input, dequantised):
    """The tensors that replace a matrix, by name."""
    dtype, shape, content = tensor
    values = numbers(dtype, content)
    scale = numpy.float32(max(float(numpy.abs(values).max()), 1e-12) / LARGEST)
    codes = to_float8(values / scale)
    if dequantised:
        return {name: ("F32", shape, (from_float8(codes) * scale).tobytes())}
    module = name.removesuffix(".weight")
    tensors = {name: ("F8_E4M3", shape, codes.tobytes()), f"{module}.weight_scale": ("F32", [], scale.tobytes())}
    if largest_input > 0:
        tensors[f"{module}.input_scale"] = ("F32", [], numpy.float32(largest_input / LARGEST).tobytes())
    return tensors


def convert(folder, largest_input, excluded, dequantised):
    places = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors = {}
        for name, tensor in read_file(path).items():
            rounds = is_quantised(name, tensor[1], excluded)
            tensors |= quantised(name, tensor, largest_input, dequantised) if rounds else {name: tensor}
        write_file(path, tensors)
        places |= dict.fromkeys(tensors, path.name)
    if (folder / INDEX).exists():
        size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        (folder / INDEX).write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": places}), encoding="utf-8")


def describe(out, excluded):
    ignored = IGNORED + excluded
    producer = {"name": "modelopt"}
    config = json.loads((out / "transformer/config.json").read_text(encoding="utf-8"))
    config["quantization_config"] = {"quant_method": "modelopt", "quant_algo": "FP8", "ignore": ignored, "producer": producer,
                                     "runtime": {"diffusion_step_policy": STEP_POLICY}}
    (out / "transformer/config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    root = {"producer": producer, "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": None, "exclude_modules": ignored}}
    (out / "hf_quant_config.json").write_text(json.dumps(root, indent=2), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--dequantised", action="store_true")
    parser.add_argument("--largest-input", type=float, default=LARGEST)
    parser.add_argument("--exclude", action="append", default=[], metavar="PATTERN")
    options = parser.parse_args()
    shutil.copytree(options.source, options.out)
    convert(options.out / "transformer", options.largest_input, options.exclude, options.dequantised)
    if not options.dequantised:
        describe(options.out, options.exclude)


if __name__ == "__main__":
    main()
