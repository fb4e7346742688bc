#!/usr/bin/env python3
"""Packs a folder of goldens into tests/data: pack_goldens.py GOLDENS [DESTINATION]

Most weights of the golden checkpoints are normal random numbers that LibTorch can draw again bit for bit (tests/support/
make_golden_weights.cpp). Instead of them, the archives have each file's header, the order and seed of the draws, and SHA-256
sums of the whole files. Tensors that tests do not read are left out: tiled pixels, except those of TILED_CASES, and most of
the set "modes".
"""
import hashlib
import io
import json
import math
import pathlib
import struct
import sys
import tarfile

SETS = ("tiny", "gqa_native", "modes", "distilled", "edge")
# The folders whose weights are drawn again; each generator's seed is the set's seed plus this number.
DRAWN = {"transformer": 1, "vae": 2}
TILED_CASES = {"tiny/odd_grid_karras_nocfg", "gqa_native/t2v"}
# Cases of which tests read only the denoising, not the text tower's values and the pixels.
DENOISED = {f"modes/{name}" for name in ("cache", "cache_order0", "guidance_interval", "normalize_cfg")}
# Further cases of a set in a separate archive, without pixels and waveforms; and the part of the checkpoint that they need in
# addition to the set's archive.
FURTHER = {"modes_v2v": ("modes/v2v_first", "modes/v2v_short_gap", "modes/v2v_sound")}
FURTHER_FILES = {"modes_v2v": "modes/checkpoint/sound_tokenizer"}
FURTHER_CASES = {case for cases in FURTHER.values() for case in cases}
# The files of a set that are kept, besides its checkpoint; all files of other sets are kept.
KEPT = {"modes": {"captions.json", "frames.safetensors", "guidance_below_one.safetensors", "t2i.safetensors",
                  "v2v_last.safetensors"}
        | {f"{case.removeprefix('modes/')}.safetensors" for case in DENOISED}}
KEPT["edge"] = {"t2v.safetensors"}
WITHOUT = {"modes": {"sound_tokenizer"}}
# Sets whose cases are kept without pixels, since other sets suffice to test the VAE.
WITHOUT_PIXELS = {"distilled", "edge"}
# The order in which the reference's modules register their parameters, for each part of a name.
MODULE_ORDER = """
action_modality_embed audio_modality_embed embed_tokens layers
self_attn to_q to_k to_v to_out norm_q norm_k k_norm_und_for_gen add_q_proj add_k_proj add_v_proj to_add_out norm_added_q norm_added_k
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


def is_read(name, case):
    """Whether tests read a case's tensor."""
    if case == "modes/frames":
        return name.startswith("v2v") and not name.endswith("_diffusers")
    if case.split("/")[0] in WITHOUT_PIXELS:
        return not name.startswith(("pixels", "cond_pixels", "image_pixels", "clip_frames"))
    if case in DENOISED:
        return not name.startswith(("gen_rope_", "pixels", "und_"))
    if case in FURTHER_CASES:
        return name != "waveform" and not name.startswith(("gen_rope_", "pixels"))
    return case in TILED_CASES or not name.startswith("pixels_tiled_")


def what_tests_read(content, case):
    _, header, data = split_safetensors(content)
    if all(name == "__metadata__" or is_read(name, case) for name in header):
        return content
    kept, body = {"__metadata__": header.pop("__metadata__")}, b""
    for name, entry in header.items():
        if not is_read(name, case):
            continue
        begin, end = entry["data_offsets"]
        kept[name] = {**entry, "data_offsets": [len(body), len(body) + end - begin]}
        body += data[begin:end]
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def scales_of(name, config):
    """Factors of draws that do not follow the general rule: in newer sets, each domain's matrix is scaled separately."""
    if not config.get("action_gen") or name == "gqa_native":
        return {}
    by_inputs = {"action_proj_in": config["action_dim"], "action_proj_out": config["hidden_size"]}
    matrices = {f"{layer}.fc.weight": 1.6 / math.sqrt(inputs) for layer, inputs in by_inputs.items()}
    return matrices | {f"{layer}.bias.weight": 0.1 for layer in by_inputs}


def drawn_part(folder, seed, name, scales):
    """(path, content) of the files that replace the weights of one checkpoint folder."""
    names, sums = [], ""
    for path in sorted(folder.glob("*.safetensors")):
        content = path.read_bytes()
        head, header, _ = split_safetensors(content)
        names += [key for key in header if key != "__metadata__"]
        sums += f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
        yield f"{name}/{path.name}.header", head
    draws = {"seed": seed, "order": sorted(names, key=module_order)}
    draws |= {"scales": scales} if scales else {}
    yield f"{name}/draws.json", json.dumps(draws, indent=0).encode()
    yield f"{name}/SHA256SUMS", sums.encode()


def is_kept(path, root):
    inside = path.relative_to(root)
    if inside.parts[0] == "checkpoint":
        return inside.parts[1] not in WITHOUT.get(root.name, ())
    return root.name not in KEPT or inside.name in KEPT[root.name]


def set_members(goldens, name):
    root = goldens / name
    made = json.loads((root / "set.json").read_text())
    for path in sorted(path for path in root.rglob("*") if path.is_file() and is_kept(path, root)):
        relative = path.relative_to(goldens)
        drawn = path.parent.name in DRAWN and path.suffix == ".safetensors"
        if drawn:
            continue
        content = path.read_bytes()
        is_case = path.parent == root and path.suffix == ".safetensors"
        yield str(relative), what_tests_read(content, str(relative.with_suffix(""))) if is_case else content
    for part, offset in DRAWN.items():
        scales = scales_of(name, made["transformer"]) if part == "transformer" else {}
        yield from drawn_part(root / "checkpoint" / part, made["seed"] + offset, f"{name}/checkpoint/{part}", scales)


def write_archive(path, members):
    """Writes an archive without times and owners, so that equal members give equal bytes."""
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
    for archive, cases in FURTHER.items():
        contents = [(goldens / f"{case}.safetensors").read_bytes() for case in cases]
        members = [(f"{case}.safetensors", what_tests_read(content, case)) for case, content in zip(cases, contents)]
        files = sorted((goldens / FURTHER_FILES[archive]).iterdir())
        members += [(str(path.relative_to(goldens)), path.read_bytes()) for path in files]
        write_archive(destination / f"{archive}.tar.xz", members)
    for name in SETS:
        write_archive(destination / f"{name}.tar.xz", set_members(goldens, name))


if __name__ == "__main__":
    main()
