#!/usr/bin/env bash
# Plants small faults in a copy of the sources, one at a time, and says which test notices each: a check of the tests, by
# hand. tools/mutants.txt has the faults. A first call builds the copy; each fault then takes the build of a file or two.
#   tools/mutants.sh [WORD…]      all faults, or those whose names contain one of the words
# MUTANTS_DIR (default: build/mutants) keeps the copy and its build; CMAKE_ARGS go to its configuration.
# Exit 1 when a fault is not noticed, or its place is not found any more in the sources: then mend its entry.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD
copy=${MUTANTS_DIR:-$source/build/mutants}
mkdir -p "$copy"
copy=$(cd "$copy" && pwd)

git ls-files --cached --others --exclude-standard | while read -r file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --create --null --files-from=- | tar --extract --directory="$copy"
read -ra cmake_args <<<"${CMAKE_ARGS:-}"
cmake -G Ninja -S "$copy" -B "$copy/build" "${cmake_args[@]}" >"$copy/configure.log" || { cat "$copy/configure.log"; exit 1; }

python3 - "$source" "$copy" "$@" <<'END'
import pathlib, re, subprocess, sys

source, copy = map(pathlib.Path, sys.argv[1:3])
words = sys.argv[3:]


def faults():
    """The blocks of the list: name, members, lines to take out, lines to put in."""
    text = (source / "tools/mutants.txt").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=\[)", text)[1:]:
        name, *lines = block.strip().splitlines()
        members = dict(line.split(None, 1) for line in lines if line[0] in "ft")
        old, new = ([line[2:] for line in lines if line[0] == mark] for mark in "-+")
        yield name.strip("[]"), members["file"], members["tests"].split(), "\n".join(old), "\n".join(new)


def mutated(text, old, new):
    """`text` with `new` for `old`, however either is broken into lines; None unless it is there exactly once."""
    pattern = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\S", old))
    return re.sub(pattern, lambda _: new, text) if len(re.findall(pattern, text)) == 1 else None


def run(*command):
    return subprocess.run(command, cwd=copy / "build", capture_output=True, text=True, check=False)


def verdict(path, text, tests, old, new):
    changed = mutated(text, old, new)
    if changed is None:
        return "its place is not found once in the sources"
    targets = {re.sub(r"\.np\d+$", "", test) for test in tests}
    path.write_text(changed, encoding="utf-8")
    try:
        built = run("ninja", *targets)
        if built.returncode:
            return "does not compile:\n" + built.stdout[-2000:]
        for test in tests:
            ended = run("ctest", "--no-tests=error", "--output-on-failure", "-R", "^" + re.escape(test) + "$")
            if ended.returncode:
                failed = sorted(set(re.findall(r"\[  FAILED  \] (\w\S+\.\w\S*?)(?:,|\s|$)", ended.stdout)))
                return "caught by " + test + ": " + ", ".join(failed or ["it ended badly"])
        return "NOT CAUGHT by " + ", ".join(tests)
    finally:
        path.write_text(text, encoding="utf-8")  # newer than what was built of the fault, so that it is built again


missed = 0
for name, file, tests, old, new in faults():
    if words and not any(word in name for word in words):
        continue
    path = copy / file
    told = verdict(path, path.read_text(encoding="utf-8"), tests, old, new) if path.exists() else file + " is not there"
    missed += not told.startswith("caught")
    print(f"{name}: {told}", flush=True)
sys.exit(1 if missed else 0)
END
