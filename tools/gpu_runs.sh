#!/usr/bin/env bash
# Makes whole runs of random models at true size on a GPU host, from a manifest to latents and mp4, and prints a JSON line for
# each: seconds per phase, peak memory, the share of time in which a GPU was idle.
#   tools/gpu_runs.sh single     one GPU per run; two runs at a time on a host with two GPUs
#   tools/gpu_runs.sh pair       two GPUs per run: cfg 2, then tp 2, then sp 2
#   tools/gpu_runs.sh pair-720p  two GPUs per run, two clips at 720p with sound: cfg 2, then sp 2
#   tools/gpu_runs.sh exact      one GPU, two clips at 720p with sound, every step computed: seconds from noise to mp4
#   tools/gpu_runs.sh cached     one GPU, 720p with sound: every step computed, then --step-cache 0.25 and 0.35, and the
#                                difference of their latents from the first
#   tools/gpu_runs.sh cache-error  one GPU, 480p with sound: the difference from the clip with all steps, in latents and pictures,
#                                  of clips with each threshold, and of plain clips with as many steps as those computed
#   tools/gpu_runs.sh distilled  one GPU, a four-step Super with the text tower released: one 720p clip, two, one 480p clip, and a
#                                step alone
#   tools/gpu_runs.sh pictures   one GPU: 64 pictures of 960x960, 50 steps, guidance 4, each with its own prompt; exact, then
#                                guided only in [400,1000], then with --gemm fp8 and --step-cache 0.25
#   ORRERY  the program (default: the one of tools/gpu_check.sh's archive in build-gpu)
#   OUT     folder for runs.jsonl and the logs (default: build-gpu/runs)
#   STEPS   denoise steps per clip (default: 35)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
orrery=${ORRERY:-$PWD/build-gpu/orrery/bin/orrery}
out=${OUT:-$PWD/build-gpu/runs}
work=$PWD/build-gpu/clips
mkdir -p "$out" "$work"

# manifest NAME CLIPS MEMBERS: writes a manifest of clips with different prompts and seeds; MEMBERS are JSON members for all.
manifest() {
  local i
  for ((i = 1; i <= $2; ++i)); do
    printf '{"id": "%s-%d", "prompt": "A forklift turns into aisle %d and lowers its load.", "seed": %d, %s}\n' "$1" "$i" "$i" "$i" "$3"
  done >"$work/$1.jsonl"
}

# run NAME GPUS MODEL SIZE CLIPS OPTIONS…: makes one run and appends its line to runs.jsonl. SIZE is JSON members.
run() {
  local name=$1 gpus=$2 model=$3 size=$4 clips=$5
  shift 5
  local ranks=1
  case $gpus in *,*) ranks=2 ;; esac
  manifest "$name" "$clips" "$size"
  rm -rf "${work:?}/$name"
  nvidia-smi --id="$gpus" --query-gpu=index,utilization.gpu,memory.used --format=csv,noheader,nounits -lms 200 >"$out/$name.gpu" &
  local watcher=$!
  local begin status=0
  begin=$(date +%s.%N)
  CUDA_VISIBLE_DEVICES=$gpus mpirun --bind-to none -n $ranks "$orrery" run --checkpoint "random:$model" --device cuda \
    --manifest "$work/$name.jsonl" --out "$work/$name" --steps "${STEPS:-35}" "$@" >"$out/$name.log" 2>&1 || status=$?
  local end
  end=$(date +%s.%N)
  kill $watcher
  wait $watcher 2>/dev/null || true
  python3 tools/run_line.py "$name" "$status" "$begin" "$end" "$work/$name" "$out/$name.gpu" "random:$model, $clips clips, $size, $*" |
    tee -a "$out/runs.jsonl"
  if [ $status -ne 0 ]; then tail -5 "$out/$name.log"; fi
}

# clips_of NAME: makes the clips of $work/NAME.jsonl in $work/NAME.
clips_of() {
  rm -rf "${work:?}/$1"
  "$orrery" run --checkpoint random:nano --device cuda --manifest "$work/$1.jsonl" --out "$work/$1" --crf 1 2>&1 | tee "$out/$1.log"
  cp "$work/$1/results.jsonl" "$out/$1.results.jsonl"
}

small='"height": 480, "width": 832, "num_frames": 93, "sound": true'
picture='"height": 960, "width": 960, "num_frames": 1'
large='"height": 720, "width": 1280, "num_frames": 189, "sound": true'

case ${1:-} in
  single)
    second=0
    if [ "$(nvidia-smi -L | wc -l)" -ge 2 ]; then second=1; fi
    run nano-720p-one 0 nano "$large" 1 &
    if [ $second -eq 0 ]; then wait; fi
    run nano-480p-one $second nano "$small" 2
    run super-480p-release $second super "${small%, \"sound*}" 1 --text-tower release
    wait
    ;;
  pair)
    run nano-480p-cfg2 0,1 nano "$small" 2 --cfg 2
    run nano-480p-tp2 0,1 nano "$small" 2 --tp 2
    run nano-480p-sp2 0,1 nano "$small" 2 --sp 2
    run nano-720p-cfg2 0,1 nano "$large" 1 --cfg 2
    run nano-720p-tp2 0,1 nano "$large" 1 --tp 2
    run nano-720p-sp2 0,1 nano "$large" 1 --sp 2
    ;;
  pair-720p)
    run two-720p-cfg2 0,1 nano "$large" 2 --cfg 2
    run two-720p-sp2 0,1 nano "$large" 2 --sp 2
    ;;
  exact) run two-exact-720p 0 nano "$large" 2 ;;
  pictures)
    STEPS=50
    run pictures-exact 0 nano "$picture" 64 --snapshot-every 0
    run pictures-interval 0 nano "$picture" 64 --snapshot-every 0 --guidance-interval 400,1000
    run pictures-fast 0 nano "$picture" 64 --snapshot-every 0 --gemm fp8 --step-cache 0.25
    ;;
  cached)
    run exact-720p 0 nano "$large" 1
    for threshold in 0.25 0.35; do
      run "cached-$threshold-720p" 0 nano "$large" 1 --step-cache "$threshold"
      # The clips' ids begin with the run's name; they do not differ otherwise.
      "$orrery" compare --json --tolerance 1e9 "$work/exact-720p/latents/exact-720p-1.h5" \
        "$work/cached-$threshold-720p/latents/cached-$threshold-720p-1.h5" | tee -a "$out/runs.jsonl"
    done
    ;;
  distilled)
    silent="${large%, \"sound*}"
    run super-4step-720p-one 0 super-4step "$silent" 1 --text-tower release
    run super-4step-720p-two 0 super-4step "$silent" 2 --text-tower release
    run super-4step-480p-one 0 super-4step "${silent/720, \"width\": 1280/480, \"width\": 832}" 1 --text-tower release
    "$orrery" bench --model super --distilled --what step --size 720p --frames 189 --device cuda --json | tee "$out/bench-distilled.jsonl"
    ;;
  cache-error)
    printf '{"id": "%s", "prompt": "A forklift turns into the aisle and lowers its load.", "seed": 1, "step_cache": %s, %s}\n' \
      exact 0 "$small" 0.1 0.1 "$small" 0.15 0.15 "$small" 0.2 0.2 "$small" 0.25 0.25 "$small" 0.35 0.35 "$small" >"$work/cached.jsonl"
    clips_of cached
    grep -v '"exact"' "$work/cached.jsonl" >"$work/thresholds.jsonl"
    python3 tools/eval_mini/against_exact.py --plain "$work/cached" --manifest "$work/thresholds.jsonl" >"$work/plain.jsonl"
    clips_of plain
    for way in cached plain; do
      for threshold in 0.1 0.15 0.2 0.25 0.35; do
        for file in "latents/$threshold.h5" "media/$threshold.mp4"; do
          "$orrery" compare --json --tolerance 1e9 "$work/cached/${file/$threshold/exact}" "$work/$way/$file" |
            python3 tools/fidelity_line.py "random:nano, 480p, 93 frames with sound, 35 steps: $way clip of --step-cache $threshold" \
              "$work/$way" "$(nvidia-smi --query-gpu=name --format=csv,noheader | head -1)" "tools/gpu_runs.sh cache-error"
        done
      done
    done | tee "$out/cache-error.jsonl"
    ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit 2
    ;;
esac
