#!/usr/bin/env bash
# Fuzzes the code that reads files: builds the targets of tests/fuzz with clang, libFuzzer and the address and undefined
# behaviour sanitizers, makes their seeds, runs one target per core at a time, and prints a table. Exits with 1 when
# anything is found, with 2 when clang or its runtime is missing.
#   tools/fuzz.sh [SECONDS [TARGET…]]   SECONDS of CPU time per target (default: 20); all targets by default
#   tools/fuzz.sh --fixed [TARGET…]     the same inputs on every machine, as in tools/test.sh: a fixed number from one seed,
#                                       without the corpus; at most 20 CPU seconds per target
# ORRERY_FUZZ_SEED=N repeats the inputs of an earlier run with the same corpus; without it, each run makes different ones.
# build-fuzz/corpus/TARGET keeps inputs with new coverage for the next run. build-fuzz/found/TARGET has inputs that crashed,
# or took more than 30 s or too much memory: TMPDIR=/tmp build-fuzz/bin/fuzz_TARGET FILE runs one again.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build-fuzz
all=(safetensors configs tokenizer manifest job image video latents snapshot)
# The number of inputs for each target with --fixed: those that a machine with two busy cores runs in nearly 20 CPU seconds.
declare -A fixed_runs=([safetensors]=180000 [configs]=160000 [tokenizer]=16000 [manifest]=65000 [job]=11000 [image]=34000
  [video]=13000 [latents]=17000 [snapshot]=54000)

say() { printf 'fuzz: %s\n' "$*"; }

has_runtime() {
  command -v clang++ >/dev/null &&
    echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer,address,undefined -x c++ - -o /dev/null 2>/dev/null
}

build_targets() {
  cmake -G Ninja -S . -B "$build" -DORRERY_FUZZ=ON -DORRERY_CUDA=OFF -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_BUILD_TYPE=Fuzz -DCMAKE_CXX_FLAGS_FUZZ="-O1 -gline-tables-only" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
  rm -f "$build.log"
  cmake --build "$build" --target fuzz
}

make_seeds() {
  rm -rf "$build/seeds"
  mkdir -p "$build/seeds"
  /usr/bin/python3 tests/fuzz/make_seeds.py . "$build/seeds" # Debian's own Python has h5py
  "$build/bin/fuzz_own_latents" "$build/seeds"
}

# run_target SECONDS NAME. libFuzzer's own time limit for an input only stops endless ones, since it measures wall time.
run_target() {
  local seconds=$1 name=$2
  local log=$build/log/$name dictionary=$build/seeds/$name.dict start=() options=() folders work
  work=$(mktemp -d -p "$work_parent")
  if [ -e "$dictionary" ]; then options+=("-dict=$dictionary"); fi
  if [ -n "$fixed" ]; then # libFuzzer's choices depend on the seeds' order, on addresses, and on when it rereads the corpus
    find "$build/seeds/$name" -type f | LC_ALL=C sort | paste -sd, >"$work/seeds"
    options+=(-seed=1 "-runs=${fixed_runs[$name]}" -reload=0 "-seed_inputs=@$work/seeds")
    folders=("$work/corpus")
    if setarch -R true 2>/dev/null; then start=(setarch -R); fi
  else
    if [ -n "${ORRERY_FUZZ_SEED:-}" ]; then options+=("-seed=$ORRERY_FUZZ_SEED"); fi
    folders=("$build/corpus/$name" "$build/seeds/$name")
  fi
  mkdir -p "${folders[0]}" "$build/found/$name"
  TMPDIR=$work ORRERY_FUZZ_CPU_SECONDS=$seconds UBSAN_OPTIONS=print_stacktrace=1 \
    LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0 "${start[@]}" "$build/bin/fuzz_$name" -timeout=300 -report_slow_units=300 \
    -rss_limit_mb=4000 -malloc_limit_mb=2000 -max_len=32768 -print_final_stats=1 "-artifact_prefix=$build/found/$name/" \
    "${options[@]}" "${folders[@]}" >"$log" 2>&1 || say "$name ended early: $log"
  rm -rf "$work"
}

stat_of() { sed -n "s/^stat::$2: *//p" "$build/log/$1" | tail -1; }

print_table() {
  local seconds=$1 name runs found all_found=0
  shift
  printf '%-12s %10s %10s %9s %8s %6s\n' target executed "per CPU s" coverage "peak MB" found
  for name in "$@"; do
    runs=$(stat_of "$name" number_of_executed_units)
    found=$(find "$build/found/$name" -type f | wc -l)
    all_found=$((all_found + found))
    printf '%-12s %10s %10s %9s %8s %6s\n' "$name" "${runs:-?}" "$((${runs:-0} / seconds))" \
      "$(grep -o 'cov: [0-9]*' "$build/log/$name" | tail -1 | cut -c6-)" "$(stat_of "$name" peak_rss_mb)" "$found"
  done
  [ "$all_found" -eq 0 ] || say "$all_found findings in $build/found"
  [ "$all_found" -eq 0 ]
}

fixed=
if [ "${1:-}" = --fixed ]; then
  fixed=yes
  set -- 20 "${@:2}"
fi
seconds=${1:-20}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")
if ! has_runtime; then
  say "NOT RUN: clang++ or its libFuzzer runtime is missing (Debian: clang, libclang-rt-14-dev)"
  exit 2
fi
build_targets
make_seeds
mkdir -p "$build/log"
parent=${TMPDIR:-/tmp}
if [ -w /dev/shm ]; then parent=/dev/shm; fi # inputs become files there
work_parent=$(mktemp -d -p "$parent" orrery-fuzz-XXXXXX)
trap 'rm -rf "$work_parent"' EXIT
say "${#targets[@]} targets, ${fixed:+a fixed number of inputs and }$seconds CPU seconds each${fixed:+ at most}"
for name in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  run_target "$seconds" "$name" &
done
wait
print_table "$seconds" "${targets[@]}"
