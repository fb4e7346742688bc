#!/usr/bin/env bash
# Evaluates the small checkpoint on held-out captions, with orrery itself: guidance 6 and 1, clips from images, another
# negative prompt. Prints tables; OUT/results.jsonl gets lines for tools/results/mini_checkpoint.jsonl.
#   tools/eval_mini/evaluate.sh OUT
# The same command continues after a stop; another checkpoint needs another OUT.
#   ORRERY      the program (default: build/bin/orrery)
#   CHECKPOINT  default: inputs/mini
#   PYTHON      a Python with numpy (default: /usr/bin/python3, for which tools/setup.sh installs it)
#   CLIPS       number of held-out captions, at most 256 (default: 200)
#   IMAGES      number of clips from images (default: 24)
#   NEGATIVE    number of clips with another negative prompt (default: 8)
#   JOBS        number of parallel runs, of one thread each (default: 2)
#   DEVICE      the machine in words, for the lines (default: "CPU, float32, JOBS runs of one thread at a time")
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
orrery=$(realpath "${ORRERY:-$source/build/bin/orrery}")
checkpoint=$(realpath "${CHECKPOINT:-$source/inputs/mini}")
clips=${CLIPS:-200} images=${IMAGES:-24} negative=${NEGATIVE:-8} jobs=${JOBS:-2}
tool=$source/tools/eval_mini
python=${PYTHON:-/usr/bin/python3}
mkdir -p "${1:?usage: $0 OUT}"
cd "$1"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# start FOLDER MANIFEST OPTIONS…: starts a run in the background as soon as fewer than JOBS others are running.
start() {
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do sleep 1; done
  "$orrery" run --checkpoint "$checkpoint" --manifest "$2" --out "$1" --media none --quiet --device cpu "${@:3}" >"$1.log" 2>&1 &
  started+=("$1:$!")
}

# Waits for all runs. Exits when one was stopped or failed, since its clips would be missing.
finish() {
  local run
  for run in "${started[@]}"; do
    wait "${run##*:}" || { echo "the run of ${run%:*} ended with $?; see $PWD/${run%:*}.log"; exit 1; }
  done
}

# measure NAME MANIFEST OUT OPTIONS…: measures the clips of a run and prints the totals.
measure() {
  echo
  echo "$1:"
  "$python" "$tool/eval_mini.py" --manifest "$2" "$3" --json "$3.json" "${@:4}" | grep -v '^held-out-' || [ "${PIPESTATUS[0]}" -eq 0 ]
}

"$python" "$tool/held_out.py" --count "$clips" >held_out.jsonl
"$python" "$tool/held_out.py" --count "$images" --images images >images.jsonl
head -n "$negative" held_out.jsonl >negative.jsonl
echo "A large green square moves down quickly on a white background, with a low tone." >negative.txt

started=()
start guidance-6 held_out.jsonl --keep-frames --guidance-scale 6
start guidance-1 held_out.jsonl --keep-frames --guidance-scale 1
start from-images images.jsonl --keep-frames --guidance-scale 6
start negative negative.jsonl --guidance-scale 6 --negative-prompt-file negative.txt
finish

measure "guidance 1" held_out.jsonl guidance-1
measure "guidance 6" held_out.jsonl guidance-6 --against guidance-1
measure "from images" images.jsonl from-images
for latents in negative/latents/*.h5; do
  "$orrery" compare --json --tolerance 1e9 "guidance-6/latents/${latents##*/}" "$latents"
done >negative.compared
echo
"$python" "$tool/result_lines.py" . --device "${DEVICE:-CPU, float32, $jobs runs of one thread at a time}" | tee results.jsonl
