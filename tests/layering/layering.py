"""Checks what the files of src/ include: usage: layering.py SRC. Prints one line a violation; exit 1 if there are any."""

import pathlib
import re
import sys

LINES = 600

# What each folder may include, beside itself and core.
MODEL = {"nn", "kernels", "checkpoint", "parallel"}
ALLOWED = {
    "core": set(),
    "kernels": set(),
    "checkpoint": set(),
    "sampler": {"kernels"},
    "text": set(),
    "storage": set(),
    "media": set(),
    "parallel": set(),
    "nn": MODEL - {"nn"},
    "cosmos3": MODEL,
    "wan": MODEL,
    "audio": MODEL,
    "pipeline": {"cosmos3", "wan", "audio", "sampler", "storage", "media", "text", "parallel", "checkpoint"},
}
ALLOWED["bench"] = set(ALLOWED)
ALLOWED["estimate"] = set(ALLOWED)
ALLOWED["app"] = set(ALLOWED)
ROOT = {"app", "parallel"}  # for main.cpp

# Foreign headers, and the folders that may name them.
FOREIGN = [
    (r"mpi\.h|nccl\.h|nvtx3/.*", {"parallel"}),
    (r"hdf5\.h|hdf5_hl\.h|H5\w*\.h", {"storage"}),
    (r"lib(av|sw)\w*/.*|libheif/.*|lcms2\.h|tiffio\.h", {"media"}),
    (r"zlib\.h", {"storage", "media"}),
    (r"sentencepiece.*|unicode/.*", {"text"}),
    (r"boost/.*", {"app"}),
    (r"(ATen|c10|torch)/.*", set(ALLOWED) - {"core", "text", "storage", "media"}),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check_include(folder, header):
    """What is wrong with a file of `folder` ("" for src/ itself) that includes `header`; None if nothing is."""
    target = header.split("/")[0] if "/" in header else None
    if target in ALLOWED:
        allowed = {folder, "core"} | (ALLOWED[folder] if folder else ROOT)
        return None if target in allowed else f"{folder or 'main.cpp'} may not include {target}/"
    for pattern, folders in FOREIGN:
        if re.fullmatch(pattern, header) and folder not in folders:
            return f"only {', '.join(sorted(folders))} may"
    return None


def check_file(path, src):
    parts = path.relative_to(src).parts
    folder = parts[0] if len(parts) > 1 else ""
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(parts) > 2:
        yield f"{path}: folders are one level deep"
    if folder and folder not in ALLOWED:
        yield f"{path}: the folder {folder}/ is not in the include table"
        return
    if len(lines) > LINES:
        yield f"{path}: {len(lines)} lines, at most {LINES}"
    if path.suffix in (".h", ".cuh") and "#pragma once" not in lines:
        yield f"{path}: no #pragma once"
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        wrong = found and check_include(folder, found[2])
        if wrong:
            yield f"{path}:{number}: includes {found[2]}: {wrong}"
        elif found and found[1] == '"' and found[2].split("/")[0] not in ALLOWED:
            yield f'{path}:{number}: includes "{found[2]}": own headers are named "folder/file.h"'


def check_tree(src):
    """All violations below the folder `src`, as lines of text."""
    files = sorted(path for path in src.rglob("*") if path.suffix in (".h", ".cuh", ".cpp", ".cu"))
    if not files:
        return [f"{src}: no sources here"]
    return [line for path in files for line in check_file(path, src)]


def main():
    violations = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(violations) or "every include keeps to the table")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
