#!/usr/bin/env bash
# Checks style: clang-format on all C++ and CUDA sources, clang-tidy on the sources of folders without LibTorch (its headers
# take a minute per file), shellcheck on the shell scripts. Exits with 1 when anything is found.
#   tools/lint.sh           the default set
#   tools/lint.sh BASE      clang-tidy only on the sources that changed since git revision BASE, with or without LibTorch
#   tools/lint.sh --fix     formats in place, checks nothing
# BUILD (default: build) is a build folder. BUILD/lint gets a separate configuration for clang-tidy, in which each source is
# compiled by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}/lint

say() { printf 'lint: %s\n' "$*"; }

# Prints the files of this clone with one of the given suffixes, including those that are not committed yet.
files() {
  git ls-files --cached --others --exclude-standard -- "${@/#/*.}" | while read -r file; do
    if [ -e "$file" ]; then printf '%s\n' "$file"; fi
  done
}
have() { command -v "$1" >/dev/null || { say "$1 is not installed: skipped"; return 1; }; }

format() { files h cpp cu | xargs -r clang-format "$@"; }

check_scripts() { have shellcheck || return 0; files sh sbatch | xargs -r shellcheck; }

# Prints the sources in src/ that the build compiles: with "all", all; else those without LibTorch's precompiled header.
compiled() {
  python3 - "$build/compile_commands.json" "$PWD/" "$1" <<'END'
import json, sys
commands, root, which = sys.argv[1:]
for entry in json.load(open(commands, encoding="utf-8")):
    name = entry["file"].removeprefix(root)
    if name.startswith("src/") and name.endswith(".cpp") and (which == "all" or "cmake_pch" not in entry["command"]):
        print(name)
END
}

tidy_files() {
  if [ $# -eq 0 ]; then
    compiled torch-free
  else
    comm -12 <(compiled all | sort) <(git diff --name-only "$1" -- 'src/*.cpp' | sort)
  fi
}

check_tidy() {
  have clang-tidy || return 0
  cmake -G Ninja -S . -B "$build" -DORRERY_UNITY=OFF -DORRERY_TESTS=OFF >/dev/null
  cmake --build "$build" --target orrery_git_revision >/dev/null
  tidy_files "$@" |
    xargs -r -n 2 -P "$(nproc)" clang-tidy --quiet -p "$build" "--extra-arg-before=-isystem$PWD/tools/lint" 2>&1 |
    { grep -vE '^[0-9]+ warnings? generated' || true; }
}

if [ "${1:-}" = --fix ]; then
  format -i
  exit
fi
status=0
if have clang-format; then format --dry-run -Werror || status=1; fi
check_scripts || status=1
check_tidy "$@" || status=1
[ $status -eq 0 ] && say "clean"
exit $status
