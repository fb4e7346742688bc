#!/usr/bin/env bash
# Set-up, build with warnings as errors, style checks, every test that a machine without a GPU can run, and each fuzzer on a
# fixed number of inputs, the same ones on every machine. Arguments go to ctest, for example: tools/test.sh -R manifest; then
# nothing is fuzzed. ORRERY_NO_SKIPS=1: a test that is skipped, since this machine cannot run it, is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

# What the tests of other Linuxes need, if it is missing here.
missing_for_portable() {
  [ "$(id -u)" -eq 0 ] || echo "root"
  command -v debootstrap >/dev/null || echo "debootstrap"
  [ -e "${ORRERY_CACHE:-$HOME/.cache/orrery}/torch-2.11.0" ] || echo "LibTorch from tools/setup.sh"
  unshare --mount true 2>/dev/null || echo "mount namespaces"
}

# The tests that ctest's output in the file calls skipped: only those can be that say so in tests/README.md.
skipped_in() { sed -n 's/.*Test *#[0-9]*: *\([^ ]*\) .*\*\*\*Skipped.*/\1/p' "$1" | sort | paste -sd' '; }

tools/setup.sh
cmake -G Ninja -S . -B build -DORRERY_WERROR=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build build
tools/lint.sh

gpu_tests=$(ctest --test-dir build -N -L gpu | sed -n 's/^Total Tests: //p')
echo "tests: not run here, since they need a GPU: ${gpu_tests} (label gpu)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -LE 'gpu|portable' "$@" | tee "$log"
skipped=$(skipped_in "$log")
if [ -n "$skipped" ]; then
  echo "tests: skipped here: $skipped"
  [ -z "${ORRERY_NO_SKIPS:-}" ] || exit 1
fi

missing=$(missing_for_portable | paste -sd, | sed 's/,/, /g')
if [ -n "$missing" ]; then
  echo "tests: not run here, since they need $missing: those of the archive on other Linuxes (label portable)"
elif [ $# -eq 0 ]; then
  if tests/portable/roots.sh; then
    ctest --test-dir build --output-on-failure -j "$(nproc)" -L portable
  else
    echo "tests: not run here, since their Linuxes could not be had (above): those of the archive (label portable)"
  fi
fi

[ $# -eq 0 ] || exit 0
fuzzed=0
tools/fuzz.sh --fixed || fuzzed=$?
if [ $fuzzed -eq 2 ]; then # no clang: it said so
  fuzzed=0
fi
exit $fuzzed
