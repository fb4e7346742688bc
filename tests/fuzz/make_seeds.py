"""Makes the fuzzers' first inputs and their dictionaries: make_seeds.py SOURCE OUT.

OUT/TARGET/ gets the seeds of each target, OUT/TARGET.dict its words. SOURCE is the repository; findings, which stand in
SOURCE/tests/fuzz/findings/TARGET/, are seeds as well. Latent files need h5py, pictures and videos ffmpeg.
"""

import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import h5py
import numpy


class Seeds:
    def __init__(self, source, out):
        self.source = source
        self.out = out

    def write(self, target, name, content):
        path = self.out / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name):
        return (self.source / name).read_bytes()

    def words(self, target, sources, more=()):
        """The short texts in double quotes of these sources, as a dictionary of libFuzzer's."""
        found = set(more)
        for name in sources:
            found.update(re.findall(r'"([A-Za-z0-9_.<|>-]{2,48})"', self.read(name).decode()))
        lines = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in sorted(found)]
        (self.out / f"{target}.dict").write_text("\n".join(lines) + "\n")


JSON_WORDS = ("null", "true", "false", "1e308", "-1", "9223372036854775807", "18446744073709551615", "0.5", "[]", "{}")


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def make_safetensors(seeds):
    two = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
        "b.weight": {"dtype": "BF16", "shape": [3], "data_offsets": [8, 14]},
    }
    seeds.write("safetensors", "two", safetensors(two, bytes(14)))
    seeds.write("safetensors", "none", safetensors({}))
    seeds.write("safetensors", "scalar", safetensors({"s": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}}, bytes(8)))
    seeds.write("safetensors", "empty", safetensors({"e": {"dtype": "U8", "shape": [0, 7], "data_offsets": [0, 0]}}))
    seeds.write("safetensors", "fp4", safetensors({"f": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}, bytes(1)))
    seeds.write("safetensors", "pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    index = {"metadata": {"total_size": 1}, "weight_map": {"a": "one.safetensors", "b": "sub/two.safetensors"}}
    seeds.write("safetensors", "index", json.dumps(index))
    seeds.words("safetensors", ["src/io/checkpoint/safetensors_header.cpp", "src/io/checkpoint/weight_source.cpp",
                                "src/io/checkpoint/shard_index.cpp"], JSON_WORDS)


def make_configs(seeds):
    parts = {"t": "transformer/config.json", "v": "vae/config.json", "s": "sound_tokenizer/config.json",
             "n": "scheduler/scheduler_config.json"}
    for which, name in parts.items():
        seeds.write("configs", which, which.encode() + json.dumps(json.loads(seeds.read("inputs/mini/" + name))).encode())
    transformer = json.loads(seeds.read("inputs/mini/transformer/config.json"))
    for key in ("rope_scaling", "sound_gen", "sound_dim"):
        transformer.pop(key)
    seeds.write("configs", "t-short", "t" + json.dumps(transformer))
    pipeline = {"_class_name": "Cosmos3OmniDiffusersPipeline", "transformer": ["diffusers", "Cosmos3OmniTransformer"],
                "vae": ["diffusers", "AutoencoderKLWan"], "scheduler": ["diffusers", "UniPCMultistepScheduler"],
                "use_native_flow_schedule": True, "sound_tokenizer": [None, None]}
    seeds.write("configs", "p", "p" + json.dumps(pipeline))
    seeds.write("configs", "m", "m" + json.dumps({"_class_name": "Cosmos3OmniModular", "is_distilled": False}))
    seeds.words("configs", ["src/models/cosmos3/config.cpp", "src/models/wan/config.cpp", "src/models/audio/config.cpp",
                            "src/models/sampler/schedule.cpp", "src/models/zoo/pipeline_index.cpp"], JSON_WORDS)


def byte_alphabet():
    """The characters that stand for the 256 bytes in byte-level BPE."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = (chr(0x100 + i) for i in range(256))
    return [chr(byte) if byte in printable else next(others) for byte in range(256)]


def small_tokenizer(pattern):
    vocabulary = {letter: byte for byte, letter in enumerate(byte_alphabet())} | {"ab": 256, "abc": 257}
    special = ["<|im_start|>", "<|im_end|>", "<|vision_start|>"]
    return {
        "added_tokens": [{"id": 258 + i, "content": text, "normalized": False} for i, text in enumerate(special)],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": ["a b", ["ab", "c"]]},
    }


def make_tokenizers(seeds):
    qwen = re.search(r'R"re\((.*)\)re"', seeds.read("src/io/text/token_tables.h").decode())[1]
    for name, pattern in (("qwen", qwen), ("plain", r"\s+|\S+"), ("nested", "(a+)+b|.")):
        # Last, so that what is mutated most, the texts at the end, are not the 256 bytes of the vocabulary.
        seeds.write("tokenizer", "j-" + name, b"j" + json.dumps(small_tokenizer(pattern)).encode())
    vocabulary = small_tokenizer(qwen)["model"]["vocab"]
    seeds.write("tokenizer", "v", b"v" + json.dumps(vocabulary, ensure_ascii=False).encode())
    seeds.write("tokenizer", "m", "m#version: 0.2\na b\r\nab c\n")
    seeds.write("tokenizer", "a", 'a{"<|im_start|>": 258, "<|im_end|>": 259, "<|vision_start|>": 260, "ab": 256}')
    config = {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": {"258": {"content": "<|im_start|>"}}}
    seeds.write("tokenizer", "c", "c" + json.dumps(config))
    seeds.write("tokenizer", "s", b"s" + sentence_piece())
    seeds.write("tokenizer", "t", "tIt's 12 caf\u0065\u0301s <|im_end|>abc\n\n \u732b")
    seeds.words("tokenizer", ["src/io/text/tokenizer_files.cpp"],
                (*JSON_WORDS, "<|im_end|>", r"\\p{L}", r"\\s+", "(?!", "(?i:", "{1,9}", "*+", "[^"))


def protobuf(number, value):
    """A field of a message in protobuf's wire format."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack("<f", value)
    return bytes([number << 3 | 2, len(value)]) + value


def sentence_piece():
    unknown, control, normal = 2, 3, 1
    pieces = [(b"<unk>", 0.0, unknown), (b"<|im_start|>", 0.0, control), (b"<|im_end|>", 0.0, control),
              (b"<|vision_start|>", 0.0, control), (b"a", -1.0, normal), (b"b", -2.0, normal), (b"ab", -0.5, normal),
              ("▁".encode(), -3.0, normal)]
    model = b"".join(protobuf(1, protobuf(1, text) + protobuf(2, score) + protobuf(3, kind)) for text, score, kind in pieces)
    return model + protobuf(2, protobuf(3, 2)) + protobuf(3, protobuf(1, b"identity"))


def make_manifests(seeds):
    for name in ("demo", "examples", "modes"):
        text = seeds.read(f"inputs/{name}.jsonl")
        seeds.write("manifest", name, text)
        lines = [line for line in text.splitlines() if line and not line.startswith(b"#")]
        for number, line in enumerate(lines):
            seeds.write("manifest", f"{name}-{number}", line)
    every = {"id": "a", "prompt_token_ids": [1, 2], "negative_token_ids": [3], "num_frames": 5, "height": 32, "width": 48,
             "fps": 23.976, "steps": 2, "guidance_scale": 1.5, "flow_shift": 3, "seed": 4294967295, "sound": True,
             "aspect_ratio": "16,9", "append_metadata": False, "image": "a.png", "condition_frames": [0]}
    seeds.write("manifest", "every", json.dumps(every))
    seeds.write("manifest", "chain", '{"id":"a","prompt":"{\\"k\\": NaN}"}\n{"id":"b","prompt":"x","condition_latents":"a"}')
    seeds.words("manifest", ["src/app/manifest/manifest_fields.cpp", "src/io/text/prompt.cpp"], JSON_WORDS)


def make_jobs(seeds):
    for path in sorted((seeds.source / "jobs").glob("*.ini")):
        text = path.read_bytes()
        short = b"\n".join(line for line in text.splitlines() if line and not line.startswith(b"#"))
        for command in range(5):
            if command == 0 or path.stem == "all-options":
                seeds.write("job", f"{path.stem}-{command}", bytes([command]) + short)
    seeds.write("job", "quoted", b'\x00out = "a \\u00e9 # b"  # a comment\nseed=1\n')
    seeds.words("job", ["src/app/cli/option_table.cpp", "src/app/cli/option_values.h"], ("inf", "nan", "1e309", "2/8", "01:00:00"))


def h5_file(path, libver, text_type, sounding, running, track):
    with h5py.File(path, "w", libver=libver) as file:
        def text(name, value):
            file.attrs.create(name, value, dtype=text_type)
        text("format", "orrery-latents")
        text("state", "running" if running else "complete")
        file.attrs["version"] = numpy.int64(1)
        text("request", '{"id": "a"}')
        shape = (1, 2, 2, 2, 2)
        values = numpy.arange(16, dtype="f4").reshape(shape)
        file.create_dataset("latents/video", data=values, track_times=track, chunks=(1, 1, 2, 2, 2) if track else None,
                            compression="gzip" if track else None, shuffle=track)
        if sounding:
            file.create_dataset("latents/sound", data=numpy.zeros((1, 2, 3), "f8"), track_times=track)
        file.create_dataset("text/cond_ids", data=numpy.array([1, 2], "i4"), track_times=track)
        file.create_dataset("sampler/sigmas", data=numpy.array([0.9, 0.5, 0.1, 0], "f2"), track_times=track)
        file.create_dataset("sampler/timesteps", data=numpy.array([900, 500, 100], "i8"), track_times=track)
        if running:
            file["sampler"].attrs["step"] = numpy.int64(2)
            for part in ("video", "sound") if sounding else ("video",):
                group = file.create_group("sampler/" + part)
                group.attrs["lower_order_steps"] = numpy.int64(2)
                group.attrs["last_order"] = numpy.int64(2)
                like = file["latents/" + part]
                for name in ("last_sample", "model_output_0", "model_output_1"):
                    group.create_dataset(name, data=like[()], track_times=track)


def refused_parts(file):
    """What must not be believed: each is one way to be refused, or to be led elsewhere."""
    latents = file["latents"]
    yield latents.__setitem__, ("soft", h5py.SoftLink("/latents/video"))
    yield latents.__setitem__, ("elsewhere", h5py.ExternalLink("/etc/passwd", "/x"))
    yield latents.create_dataset, ("external", (4,), "f4", None)
    yield latents.create_dataset, ("flags", None, None, numpy.array([True, False]))
    yield latents.create_dataset, ("complex", None, None, numpy.zeros(2, "c8"))
    yield latents.create_dataset, ("texts", None, h5py.string_dtype(), ["a", "bc"])
    yield latents.create_dataset, ("scalar", None, None, numpy.float32(1))
    yield latents.create_dataset, ("empty", None, None, h5py.Empty("f4"))
    yield latents.create_virtual_dataset, ("virtual", h5py.VirtualLayout((4,), "f4"))
    yield file.attrs.create, ("many", ["x"] * 40, None, h5py.string_dtype())


def make_refused_latents(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(10):
        path = folder / f"refused-{number}.h5"
        h5_file(path, "earliest", h5py.string_dtype(), False, False, False)
        with h5py.File(path, "a") as file:
            make, arguments = list(refused_parts(file))[number]
            options = {"external": [("/etc/passwd", 0, 16)]} if arguments[0] == "external" else {}
            make(*arguments, **options)
    torn = bytearray((folder / "refused-9.h5").read_bytes())
    heap = torn.index(b"GCOL")
    torn[heap + 16:heap + 32] = bytes(16)
    (folder / "torn-heap.h5").write_bytes(torn)


def make_latents(seeds):
    make_refused_latents(seeds.out / "latents")
    fixed = h5py.string_dtype("utf-8", 16)
    for running in (False, True):
        for libver in ("earliest", "latest"):
            for track in (False, True):
                for target in ("latents", "snapshot") if running else ("latents",):
                    folder = seeds.out / target
                    folder.mkdir(parents=True, exist_ok=True)
                    name = f"h5py-{libver}-{'running' if running else 'complete'}-{int(track)}.h5"
                    h5_file(folder / name, libver, fixed if track else h5py.string_dtype(), not track, running, track)
    for target in ("latents", "snapshot"):
        words = ["OHDR", "OCHK", "TREE", "SNOD", "HEAP", "GCOL", "FADB", "FAHD", "FRHP", "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"]
        (seeds.out / f"{target}.dict").write_text("".join(f'"{word}"\n' for word in words))


def ffmpeg(path, source, options):
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *source.split(), *options.split(), str(path)]
    made = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    if made.returncode != 0:
        path.unlink(missing_ok=True)
        print(f"make_seeds: {path.name} is left out: {made.stderr.decode().strip()[:120]}")


def make_images(seeds):
    source = "-f lavfi -i testsrc=s=16x12:r=1 -frames:v 1"
    kinds = {"rgb.png": "-pix_fmt rgb24", "alpha.png": "-pix_fmt rgba", "deep.png": "-pix_fmt rgb48be", "grey.png": "-pix_fmt gray",
             "bits.png": "-pix_fmt monob", "palette.png": "-pix_fmt pal8", "a.jpg": "-pix_fmt yuvj420p", "grey.jpg": "-pix_fmt gray",
             "a.bmp": "", "a.tga": "", "a.gif": "", "a.ppm": "", "deflate.tiff": "-compression_algo deflate", "raw.tiff": "-compression_algo raw",
             "lzw.tiff": "-compression_algo lzw -pix_fmt rgba", "lossless.webp": "-lossless 1", "lossy.webp": "", "alpha.webp": "-pix_fmt yuva420p",
             "a.avif": "-c:v libaom-av1 -cpu-used 8 -still-picture 1"}
    for name, options in kinds.items():
        ffmpeg(seeds.out / "image" / name, source, options)
    words = ["IHDR", "IDAT", "IEND", "PLTE", "tRNS", "eXIf", "iCCP", "cICP", "gAMA", "cHRM", "sRGB", "pHYs", "acTL", "RIFF", "WEBP", "VP8X",
             "VP8L", "VP8 ", "ALPH", "EXIF", "ICCP", "ANIM", "ANMF", "ftyp", "avif", "heic", "mif1", "meta", "iprp", "ispe", "colr",
             "irot", "imir", "Exif\\x00\\x00", "II*\\x00", "MM\\x00*", "\\xff\\xd8", "\\xff\\xe1", "\\xff\\xe2", "\\xff\\xd9", "ICC_PROFILE\\x00",
             "Adobe", "TRUEVISION-XFILE.\\x00"]
    (seeds.out / "image.dict").write_text("".join(f'"{word}"\n' for word in words))


def make_videos(seeds):
    picture = "-f lavfi -i testsrc=s=16x16:r=8:d=0.7"
    both = picture + " -f lavfi -i sine=r=8000:d=0.7"
    kinds = {"a.mp4": (picture, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"), "sound.mp4": (both, "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"),
             "a.mov": (picture, "-c:v mjpeg"), "a.webm": (picture, "-c:v libvpx -b:v 50k"), "sound.mkv": (both, "-c:v ffv1 -c:a flac"),
             "a.avi": (both, "-c:v mpeg4 -c:a pcm_s16le"), "a.gif": (picture, ""), "a.ts": (both, "-c:v mpeg2video -c:a mp2"), "a.apng": (picture, "-f apng"),
             "a.y4m": (picture, "-s 4x4 -pix_fmt yuv420p"), "a.wav": ("-f lavfi -i sine=r=8000:d=0.1", "")}
    for name, (source, options) in kinds.items():
        ffmpeg(seeds.out / "video" / name, source, options)
    words = ["ftyp", "moov", "trak", "mdia", "minf", "stbl", "stts", "stsz", "stco", "stsc", "ctts", "edts", "elst", "tkhd", "mvhd", "mdhd", "stsd",
             "avc1", "colr", "pasp", "mdat", "RIFF", "AVI ", "LIST", "idx1", "fLaC", "\\x1a\\x45\\xdf\\xa3", "G@", "GIF89a", "acTL", "fcTL", "fdAT"]
    (seeds.out / "video.dict").write_text("".join(f'"{word}"\n' for word in words))


def main():
    seeds = Seeds(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    for make in (make_safetensors, make_configs, make_tokenizers, make_manifests, make_jobs, make_latents, make_images, make_videos):
        make(seeds)
    findings = seeds.source / "tests/fuzz/findings"
    if findings.is_dir():
        shutil.copytree(findings, seeds.out, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
