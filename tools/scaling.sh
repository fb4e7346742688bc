#!/usr/bin/env bash
# Measures how clips scale over the GPUs of one host: step, decode, collectives and memory for every cfg x sp x tp of 1, 2,
# 4 … ranks, and the differences of the latents of each grid with all ranks from one GPU's. Writes JSON lines, prints a table.
#   tools/scaling.sh [MODEL:SIZE:FRAMES]…   (default: nano:720p:189 super:480p:93 super:720p:189)
#   ORRERY   the program (default: the one of tools/gpu_check.sh's archive in build-gpu, unpacked if needed)
#   RANKS    maximum number of ranks (default: the number of the host's GPUs)
#   DEVICE   cuda, or cpu to try the script with a small model: DEVICE=cpu RANKS=8 tools/scaling.sh tiny:64x64:5
#   REPEATS  runs of each measurement (default: as orrery bench)
#   OUT      folder for scaling.jsonl and the logs (default: build-gpu/scaling)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
PYTHON=$(command -v python3)
export PYTHON
device=${DEVICE:-cuda}
ranks=${RANKS:-$(nvidia-smi -L | wc -l)}
orrery=${ORRERY:-$PWD/build-gpu/orrery/bin/orrery}
out=${OUT:-$PWD/build-gpu/scaling}
mkdir -p "$out" build-gpu
if [ ! -e "$orrery" ]; then mkdir -p build-gpu/orrery && tar xf .gpu/orrery.tar.xz -C build-gpu/orrery --strip-components 1; fi
if [ $# -eq 0 ]; then set -- nano:720p:189 super:480p:93 super:720p:189; fi
status=0

start() {
  local count=$1
  shift
  mpirun --bind-to none --oversubscribe -n "$count" "$orrery" "$@"
}

# bench SPEC RANKS OPTIONS…: runs one benchmark and appends its lines to scaling.jsonl.
bench() {
  local model size frames count=$2
  IFS=: read -r model size frames <<<"$1"
  shift 2
  start "$count" bench --model "$model" --size "$size" --frames "$frames" --device "$device" --json \
    ${REPEATS:+--repeats "$REPEATS"} "$@" >>"$out/scaling.jsonl" 2>"$out/bench.log" ||
    { status=1; echo "bench $model $size $*, $count ranks, failed:"; tail -5 "$out/bench.log"; }
}

# measure SPEC: runs all benchmarks at all topologies. Decoding depends only on the number of ranks, and loading only on tp.
measure() {
  local count cfg sp
  for ((count = 1; count <= ranks; count *= 2)); do
    bench "$1" "$count" --what vae,load --tp "$count"
    if [ "$count" -ge 2 ]; then bench "$1" "$count" --what vae --vae-split tiles --tp "$count"; fi
    for ((cfg = 1; cfg <= 2 && cfg <= count; cfg *= 2)); do
      for ((sp = 1; sp <= count / cfg; sp *= 2)); do
        bench "$1" "$count" --what step,collectives --cfg "$cfg" --sp "$sp" --tp $((count / cfg / sp))
      done
    done
  done
}

# make_clip MODEL FOLDER RANKS OPTIONS…: makes one clip with five steps.
make_clip() {
  local model=$1 folder=$out/$2 count=$3
  shift 3
  rm -rf "$folder"
  start "$count" run --checkpoint "random:$model" --device "$device" --manifest "$out/clip.jsonl" --steps 5 --media none --out "$folder" "$@" \
    >"$out/clip.log" 2>&1 || { status=1; echo "the clip of $count ranks failed:"; tail -5 "$out/clip.log"; return 1; }
}

# agree MODEL: compares the clips of all grids with RANKS ranks with that of one rank.
agree() {
  local cfg sp tp pixels='"height": 480, "width": 832, "num_frames": 93, "sound": true'
  [ "$ranks" -ge 2 ] || return 0
  if [ "$device" = cpu ]; then pixels='"height": 64, "width": 64, "num_frames": 5'; fi
  echo "{\"id\": \"a\", \"prompt\": \"A forklift turns into the aisle.\", \"seed\": 1, $pixels}" >"$out/clip.jsonl"
  make_clip "$1" clips-one 1 || return 0
  : >"$out/compare.log"
  for ((cfg = 1; cfg <= 2; cfg *= 2)); do
    for ((sp = 1; sp <= ranks / cfg; sp *= 2)); do
      tp=$((ranks / cfg / sp))
      make_clip "$1" clips-all "$ranks" --cfg "$cfg" --sp "$sp" --tp "$tp" || continue
      {
        echo "random:$1, {$pixels}, five steps: cfg $cfg x sp $sp x tp $tp beside one rank"
        "$orrery" compare --tolerance 1e9 "$out"/clips-one/latents/a.h5 "$out"/clips-all/latents/a.h5
      } | tee -a "$out/compare.log" || { status=1; echo "no comparison"; }
    done
  done
}

: >"$out/scaling.jsonl"
for spec in "$@"; do measure "$spec"; done
agree "${1%%:*}"
python3 tools/scaling_table.py "$out/scaling.jsonl"
exit $status
