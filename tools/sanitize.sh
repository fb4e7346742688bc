#!/usr/bin/env bash
# Builds the program and its tests with g++'s address, leak and undefined behaviour sanitizers, runs all tests that need
# no GPU, no Slurm and no other Linux, and prints a table. Exits with 1 when a test fails, also by a sanitizer's report.
#   tools/sanitize.sh [FOLDER…]   folders of tests, for example models/wan pipeline (default: all)
# BUILD (default: build-sanitize) keeps the build; BUILD/log has the output of failed tests. The build takes an hour of CPU
# time, and the tests take several times as long as usual.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-$PWD/build-sanitize}

configure() {
  cmake -G Ninja -S . -B "$build" -DORRERY_SANITIZE=address,undefined -DORRERY_CUDA=OFF \
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -g1" >"$build.log" 2>&1 ||
    { cat "$build.log"; exit 1; }
  rm -f "$build.log"
}

# targets FOLDER…: prints the build targets of these folders; "all" without any.
targets() {
  if [ $# -eq 0 ]; then echo all; else printf 'tests/%s/all\n' "$@"; fi
}

folders_with_tests() {
  find "$build/tests" -name CTestTestfile.cmake -exec grep -l add_test {} + | sed "s|^$build/tests/||; s|/CTestTestfile.cmake$||" | sort
}

# number FOLDER PATTERN: prints a number from the end of ctest's log.
number() { sed -n "s/$2/\\1/p" "$build/log/${1//\//-}" | tail -1; }

run_folder() {
  local folder=$1 failed count
  ctest --test-dir "$build/tests/$folder" --output-on-failure -j "$(nproc)" -LE 'gpu|portable|slurm' \
    >"$build/log/${folder//\//-}" 2>&1 || true
  count=$(number "$folder" '.*tests failed out of \([0-9]*\).*')
  [ -n "$count" ] || return 0 # a folder without tests
  failed=$(number "$folder" '.*passed, \([0-9]*\) tests failed.*')
  all_failed=$((all_failed + failed))
  printf '%-16s %6s %6s %9s\n' "$folder" "$count" "$failed" "$(number "$folder" 'Total Test time (real) = *\([0-9]*\).*')"
}

configure
mapfile -t build_targets < <(targets "$@")
cmake --build "$build" --target "${build_targets[@]}"
if [ $# -gt 0 ]; then folders=("$@"); else mapfile -t folders < <(folders_with_tests); fi
mkdir -p "$build/log"
all_failed=0
printf '%-16s %6s %6s %9s\n' folder tests failed seconds
for folder in "${folders[@]}"; do run_folder "$folder"; done
[ "$all_failed" -eq 0 ] || printf 'sanitize: %s failed: %s/log\n' "$all_failed" "$build"
[ "$all_failed" -eq 0 ]
