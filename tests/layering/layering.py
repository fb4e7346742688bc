"""Checks what the files of src/ include: usage: layering.py SRC. Prints one line a violation; exit 1 if there are any."""

import pathlib
import re
import sys

LINES = 600

# The houses and the folders of each, from the top down: a folder may include what stands below it.
FOLDERS = [
    "app/commands", "app/cli", "app/outputs", "app/manifest", "app/inspect", "app/bench", "app/plan",
    "pipeline",
    "models/cost", "models/zoo", "models/cosmos3", "models/wan", "models/audio", "models/sampler", "models/nn",
    "models/kernels",
    "io/checkpoint", "io/latents", "io/media", "io/text",
    "base/parallel", "base/device", "base/core",
]
# These do not know each other.
SEPARATE = [{"models/cosmos3", "models/wan", "models/audio"}, {"io/checkpoint", "io/latents", "io/media", "io/text"}]
MAIN = {"app/commands", "app/cli", "base/parallel", "base/core"}  # what main.cpp includes

# Foreign headers, and the folders that may name them.
FOREIGN = [
    (r"mpi\.h|nccl\.h", {"base/parallel"}),
    (r"nvtx3/.*", {"base/device"}),
    (r"hdf5\.h|hdf5_hl\.h|H5\w*\.h", {"io/latents"}),
    (r"lib(av|sw)\w*/.*|libheif/.*|lcms2\.h|jpeglib\.h|tiffio\.h", {"io/media"}),
    (r"zlib\.h", {"io/latents", "io/media"}),
    (r"sentencepiece.*|unicode/.*", {"io/text"}),
    (r"boost/.*", {"app/cli"}),
    (r"(ATen|c10|torch)/.*", set(FOLDERS) - {"base/core", "io/text", "io/latents", "io/media", "app/cli", "app/manifest"}),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|//.*')  # a string or a comment
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")  # a word of the command line


def may_include(folder, target):
    if folder == target:
        return True
    apart = any(folder in group and target in group for group in SEPARATE)
    return not apart and FOLDERS.index(target) > FOLDERS.index(folder)


def check_include(folder, header):
    """What is wrong with a file of `folder` ("" for src/ itself) that includes `header`; None if nothing is."""
    target = header.rpartition("/")[0]
    if target in FOLDERS:
        allowed = may_include(folder, target) if folder else target in MAIN
        return None if allowed else f"{folder or 'main.cpp'} may not include {target}/"
    for pattern, folders in FOREIGN:
        if re.fullmatch(pattern, header) and folder not in folders:
            return f"only {', '.join(sorted(folders))} may"
    return None


def check_line(folder, line):
    found = INCLUDE.match(line)
    wrong = found and check_include(folder, found[2])
    if wrong:
        return f"includes {found[2]}: {wrong}"
    if found and found[1] == '"' and found[2].rpartition("/")[0] not in FOLDERS:
        return f'includes "{found[2]}": own headers are named "house/folder/file.h"'
    option = OPTION.search(" ".join(TEXT.findall(line)))
    if option and folder and not folder.startswith("app/"):
        return f"says {option[0]}, a word of the command line, which app/ alone knows"
    return None


def check_file(path, src):
    folder = path.relative_to(src).parent.as_posix().removeprefix(".")
    lines = path.read_text(encoding="utf-8").splitlines()
    if folder and folder not in FOLDERS:
        yield f"{path}: the folder {folder}/ is not in the include table"
        return
    if len(lines) > LINES:
        yield f"{path}: {len(lines)} lines, at most {LINES}"
    if path.suffix in (".h", ".cuh") and "#pragma once" not in lines:
        yield f"{path}: no #pragma once"
    for number, line in enumerate(lines, 1):
        wrong = check_line(folder, line)
        if wrong:
            yield f"{path}:{number}: {wrong}"


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
