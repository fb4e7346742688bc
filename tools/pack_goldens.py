#!/usr/bin/env python3
"""Packs a folder of goldens into tests/data: pack_goldens.py GOLDENS [DESTINATION]

Most weights of the golden checkpoints are normal deviates that LibTorch draws again bit for bit (tests/support/
make_golden_weights.cpp), so the archives hold, in their place, each file's header, the order and seed of the draws, and
SHA-256 sums of the whole files. Of the seed system's tiled pixels one case a set is kept.
"""
import hashlib
import io
import json
import pathlib
import struct
import sys
import tarfile

SETS = ("tiny", "gqa_native")
# Generators are seeded with the set's seed plus this.
DRAWN = {"transformer": 1, "vae": 2}
TILED_CASES = {"tiny/odd_grid_karras_nocfg", "gqa_native/t2v"}
# The order in which the reference's modules register their parameters; a name's parts are compared one by one.
MODULE_ORDER = """
action_modality_embed audio_modality_embed embed_tokens layers
self_attn to_q to_k to_v to_out norm_q norm_k add_q_proj add_k_proj add_v_proj to_add_out norm_added_q norm_added_k
mlp mlp_moe_gen gate_proj up_proj down_proj
input_layernorm input_layernorm_moe_gen post_attention_layernorm post_attention_layernorm_moe_gen
norm norm_moe_gen lm_head proj_in proj_out time_embedder linear_1 linear_2
action_proj_in action_proj_out audio_proj_in audio_proj_out fc
encoder quant_conv post_quant_conv decoder conv_in down_blocks mid_block attentions resnets
norm1 conv1 norm2 conv2 conv_shortcut downsampler upsampler resample time_conv to_qkv proj up_blocks norm_out conv_out
gamma weight bias
""".split()


def module_order(name):
    return tuple(int(part) if part.isdigit() else MODULE_ORDER.index(part) for part in name.split("."))


def split_safetensors(content):
    length = struct.unpack("<Q", content[:8])[0] + 8
    return content[:length], json.loads(content[8:length]), content[length:]


def without_tiles(content):
    _, header, data = split_safetensors(content)
    kept, body = {"__metadata__": header.pop("__metadata__")}, b""
    for name, entry in header.items():
        if name.startswith("pixels_tiled_"):
            continue
        begin, end = entry["data_offsets"]
        kept[name] = {**entry, "data_offsets": [len(body), len(body) + end - begin]}
        body += data[begin:end]
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def drawn_part(folder, seed, name):
    """(path, content) of what stands for the weights of one checkpoint folder."""
    names, sums = [], ""
    for path in sorted(folder.glob("*.safetensors")):
        content = path.read_bytes()
        head, header, _ = split_safetensors(content)
        names += [key for key in header if key != "__metadata__"]
        sums += f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
        yield f"{name}/{path.name}.header", head
    draws = {"seed": seed, "order": sorted(names, key=module_order)}
    yield f"{name}/draws.json", json.dumps(draws, indent=0).encode()
    yield f"{name}/SHA256SUMS", sums.encode()


def set_members(goldens, name):
    root = goldens / name
    seed = json.loads((root / "set.json").read_text())["seed"]
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        relative = path.relative_to(goldens)
        drawn = path.parent.name in DRAWN and path.suffix == ".safetensors"
        if drawn:
            continue
        content = path.read_bytes()
        is_case = path.parent == root and path.suffix == ".safetensors"
        tiled = str(relative.with_suffix("")) in TILED_CASES
        yield str(relative), without_tiles(content) if is_case and not tiled else content
    for part, offset in DRAWN.items():
        yield from drawn_part(root / "checkpoint" / part, seed + offset, f"{name}/checkpoint/{part}")


def write_archive(path, members):
    """Same members, same bytes: no times, no owners."""
    with tarfile.open(path, "w:xz", preset=9) as archive:
        for name, content in sorted(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    goldens = pathlib.Path(sys.argv[1])
    default = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
    destination = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else default
    for name in SETS:
        write_archive(destination / f"{name}.tar.xz", set_members(goldens, name))


if __name__ == "__main__":
    main()
