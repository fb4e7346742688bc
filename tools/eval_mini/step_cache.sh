#!/usr/bin/env bash
# What --step-cache and --guidance-interval cost and save with the small checkpoint: held-out captions at each threshold,
# beside plain clips of as many steps as were computed, all against the clips without either. Prints a table;
# OUT/step_cache.jsonl gets its rows for tools/results/.
#   tools/eval_mini/step_cache.sh OUT
# The same command goes on where it was stopped; another checkpoint or other options need another OUT.
#   ORRERY      the program (default: build/bin/orrery)
#   CHECKPOINT  default: inputs/mini
#   PYTHON      one with numpy and h5py (default: /usr/bin/python3, for which tools/setup.sh installs them)
#   CLIPS       held-out captions, at most 256 (default: 200)
#   THRESHOLDS  of --step-cache (default: 0.1 0.15 0.2 0.25 0.35)
#   INTERVALS   of --guidance-interval, LO,HI (default: 200,950 0,900 500,1001)
#   OPTIONS     of every run (default: --device cpu; on a GPU: --device cuda --dtype float32)
#   JOBS        processes at a time, of one thread each (default: 2)
#   SHARDS      processes that share a run (default: 1)
#   DEVICE      the machine in words, for the rows (default: "CPU, float32, JOBS processes of one thread each")
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
orrery=$(realpath "${ORRERY:-$source/build/bin/orrery}")
checkpoint=$(realpath "${CHECKPOINT:-$source/inputs/mini}")
clips=${CLIPS:-200} jobs=${JOBS:-2} shards=${SHARDS:-1}
read -ra thresholds <<<"${THRESHOLDS:-0.1 0.15 0.2 0.25 0.35}"
read -ra intervals <<<"${INTERVALS-200,950 0,900 500,1001}"
read -ra options <<<"${OPTIONS:---device cpu}"
tool=$source/tools/eval_mini
python=${PYTHON:-/usr/bin/python3}
mkdir -p "${1:?usage: $0 OUT}"
cd "$1"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# FOLDER MANIFEST OPTIONS…: in the background once fewer than JOBS processes are at work.
start() {
  local shard
  for ((shard = 0; shard < shards; ++shard)); do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do sleep 0.2; done
    "$orrery" run --checkpoint "$checkpoint" --manifest "$2" --out "$1" --shard "$shard/$shards" --media none --keep-frames --quiet \
      "${options[@]}" "${@:3}" >"$1-$shard.log" 2>&1 &
    started+=("$1-$shard:$!")
  done
}

# Waits for every run; the clips of one that was stopped or failed would be missing.
finish() {
  local run
  for run in "${started[@]}"; do
    wait "${run##*:}" || { echo "the run of ${run%:*} ended with $?; see $PWD/${run%:*}.log"; exit 1; }
  done
  started=()
}

started=()
"$python" "$tool/held_out.py" --count "$clips" >held_out.jsonl
start exact held_out.jsonl
for interval in "${intervals[@]}"; do start "interval-$interval" held_out.jsonl --guidance-interval "$interval"; done
for threshold in "${thresholds[@]}"; do start "cache-$threshold" held_out.jsonl --step-cache "$threshold"; done
finish
for threshold in "${thresholds[@]}"; do
  "$python" "$tool/step_cache.py" --plain "cache-$threshold" --manifest held_out.jsonl >"plain-$threshold.jsonl"
  start "plain-$threshold" "plain-$threshold.jsonl"
done
finish
"$python" "$tool/step_cache.py" . --manifest held_out.jsonl --device "${DEVICE:-CPU, float32, $jobs processes of one thread each}"
