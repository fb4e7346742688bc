# shellcheck shell=bash
# For scripts that make clips of the same captions with several options and compare them. They source it with OUT as its
# argument. It changes to OUT, makes held_out.jsonl there and defines start and finish. Environment variables:
#   ORRERY      the program (default: build/bin/orrery)
#   CHECKPOINT  default: inputs/mini
#   PYTHON      a Python with numpy and h5py (default: /usr/bin/python3, for which tools/setup.sh installs them)
#   CLIPS       number of held-out captions, at most 256 (default: 200)
#   OPTIONS     options of all runs (default: --device cpu; on a GPU: --device cuda --dtype float32)
#   JOBS        number of parallel processes, of one thread each (default: 2)
#   SHARDS      number of processes that share a run (default: 1)
#   DEVICE      the machine in words, for the rows (default: "CPU, float32, JOBS processes of one thread each")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
orrery=$(realpath "${ORRERY:-$source/build/bin/orrery}")
checkpoint=$(realpath "${CHECKPOINT:-$source/inputs/mini}")
jobs=${JOBS:-2} shards=${SHARDS:-1}
read -ra options <<<"${OPTIONS:---device cpu}"
tool=$source/tools/eval_mini
python=${PYTHON:-/usr/bin/python3}
# shellcheck disable=SC2034  # used by the scripts that source this file
device=${DEVICE:-CPU, float32, $jobs processes of one thread each}
mkdir -p "$1"
cd "$1" || exit 1
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
started=()
"$python" "$tool/held_out.py" --count "${CLIPS:-200}" >held_out.jsonl

# start FOLDER MANIFEST OPTIONS…: starts a run in the background, each process as soon as fewer than JOBS others are running.
start() {
  local shard
  for ((shard = 0; shard < shards; ++shard)); do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do sleep 0.2; done
    "$orrery" run --checkpoint "$checkpoint" --manifest "$2" --out "$1" --shard "$shard/$shards" --media none --keep-frames --quiet \
      "${options[@]}" "${@:3}" >"$1-$shard.log" 2>&1 &
    started+=("$1-$shard:$!")
  done
}

# Waits for all runs. Exits when one was stopped or failed, since its clips would be missing.
finish() {
  local run
  for run in "${started[@]}"; do
    wait "${run##*:}" || { echo "the run of ${run%:*} ended with $?; see $PWD/${run%:*}.log"; exit 1; }
  done
  started=()
}
