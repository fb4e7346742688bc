#!/usr/bin/env bash
# Measures on a GPU host how much the latents of a clip differ between numbers of ranks, precisions and builds, and how much
# its pictures differ when two ranks decode them. Prints a JSON line for each comparison. Ranks may share GPUs.
#   tools/gpu_fidelity.sh [CHECKPOINT]…   (default: inputs/mini random:nano)
#   GRIDS    grids to compare with one rank, as CFGxTP or CFGxTPxSP, in bfloat16, and in float32 for a trained checkpoint
#            (default: "2x1 1x2 1x4 1x1x2 1x1x4 2x1x2")
#   WAYS     further variants to compare on one rank: again, fp8, fp8-ends, attention-fp8, both-fp8, other (default: none)
#   ORRERY   the program (default: the one of tools/gpu_check.sh's archive in build-gpu, which is unpacked if needed)
#   OTHER    another build of the program, for the variant "other"
#   DEVICE   cuda, or cpu to try the script: DEVICE=cpu tools/gpu_fidelity.sh random:tiny
#   STEPS    denoise steps (default: 5 for random weights, 35 for trained ones)
#   SIZE     size of the clips, as WIDTHxHEIGHT:FRAMES (default: 320x192:45 for random weights, 128x128:33 for trained ones)
#   OUT      folder for fidelity.jsonl and the logs (default: build-gpu/fidelity)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
PYTHON=$(command -v python3)
export PYTHON
device=${DEVICE:-cuda}
orrery=${ORRERY:-$PWD/build-gpu/orrery/bin/orrery}
out=${OUT:-$PWD/build-gpu/fidelity}
work=$PWD/build-gpu/fidelity-clips
rm -rf "$work"
mkdir -p "$out" "$work"
: >"$out/fidelity.jsonl"
if [ ! -e "$orrery" ]; then mkdir -p build-gpu/orrery && tar xf .gpu/orrery.tar.xz -C build-gpu/orrery --strip-components 1; fi
if [ $# -eq 0 ]; then set -- inputs/mini random:nano; fi
gpus=0 device_name=CPU
if [ "$device" = cuda ]; then
  gpus=$(nvidia-smi -L | wc -l)
  device_name=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -1)
  export ORRERY_SHARE_GPUS=1
fi
status=0

# start LOG RANKS PROGRAM ARGUMENTS…: runs a program on some ranks, with its output in OUT/LOG.log.
start() {
  local log=$out/$1.log ranks=$2
  shift 2
  mpirun --bind-to none --oversubscribe -n "$ranks" "$@" --device "$device" >"$log" 2>&1 ||
    { status=1; echo "$* failed:" >&2; tail -5 "$log" >&2; return 1; }
}

# make_clip FOLDER RANKS DTYPE OPTIONS…: makes the clip with $checkpoint.
make_clip() {
  local folder=$1 ranks=$2 dtype=$3
  shift 3
  start "$name-$folder" "$ranks" "${program:-$orrery}" run --checkpoint "$checkpoint" --manifest "$work/$name.jsonl" \
    --out "$work/$name-$folder" --media none --dtype "$dtype" "$@"
}

# compare WHAT RUN RANKS A B: prints the difference of B from A. RUN is the folder of a run; RANKS is the number that made B.
compare() {
  local where="$3 x $device_name"
  if [ "$gpus" -eq 0 ]; then where="$device_name, ranks: $3"; fi
  if [ "$gpus" -gt 0 ] && [ "$3" -gt "$gpus" ]; then where="$gpus x $device_name, shared by $3 ranks"; fi
  "$orrery" compare --json --tolerance 1e9 "$4" "$5" |
    python3 tools/fidelity_line.py "$checkpoint, $clip: $1" "$2" "$where" "tools/gpu_fidelity.sh" | tee -a "$out/fidelity.jsonl" ||
    { status=1; echo "no comparison" >&2; }
}

# compare_latents FOLDER RANKS WORDS REFERENCE WORDS: compares the latents of two folders, described by WORDS.
compare_latents() {
  compare "$3 against $5" "$work/$name-$1" "$2" "$work/$name-$4/latents/a.h5" "$work/$name-$1/latents/a.h5"
}

# compare_grids DTYPE: compares every grid with one rank in the same dtype, and bfloat16 also with one rank in float32.
compare_grids() {
  local grid cfg tp sp ranks words dtype=$1
  for grid in ${GRIDS:-2x1 1x2 1x4 1x1x2 1x1x4 2x1x2}; do
    IFS=x read -r cfg tp sp <<<"$grid"
    sp=${sp:-1}
    ranks=$((cfg * tp * sp)) words="cfg $cfg x sp $sp x tp $tp in $dtype"
    make_clip "$dtype-$grid" "$ranks" "$dtype" --cfg "$cfg" --sp "$sp" --tp "$tp" || continue
    compare_latents "$dtype-$grid" "$ranks" "$words" "$dtype" "one rank in $dtype"
    if [ "$dtype" = float32 ]; then continue; fi
    compare_latents "$dtype-$grid" "$ranks" "$words" float32 "one rank in float32"
  done
}

compare_ways() {
  local way options
  for way in ${WAYS:-}; do
    options=()
    program=$orrery
    case $way in
      again) ;;
      fp8) options=(--gemm fp8 --full-precision-steps "0,0") ;;
      fp8-ends) options=(--gemm fp8 --full-precision-steps "3,3") ;;
      attention-fp8) options=(--attention fp8 --full-precision-steps "0,0") ;;
      both-fp8) options=(--gemm fp8 --attention fp8 --full-precision-steps "0,0") ;;
      other) program=${OTHER:?the other program} ;;
      *) echo "unknown way $way" >&2; exit 2 ;;
    esac
    make_clip "$way" 1 bfloat16 "${options[@]}" && compare_latents "$way" 1 "$way in bfloat16" bfloat16 "one rank in bfloat16"
    program=""
  done
}

# compare_decodes DTYPE: compares the pictures that two ranks decode from the clip's latents with those of one rank.
compare_decodes() {
  local split dtype=$1
  for split in none exact; do
    start "$name-decode-$split-$dtype" 2 "$orrery" decode --checkpoint "$checkpoint" --out "$work/$name-$split-$dtype" \
      --vae-split "$split" --dtype "$dtype" --crf 1 "$work/$name-bfloat16/latents/a.h5" || return 0
  done
  compare "8-bit pictures of --vae-split exact on two ranks against one rank's, in $dtype" "$work/$name-bfloat16" 2 \
    "$work/$name-none-$dtype/media/a.mp4" "$work/$name-exact-$dtype/media/a.mp4"
}

write_manifest() {
  local prompt="A forklift turns into the aisle." size=320x192:45 steps=5 shift=10
  if [ "$trained" = 1 ]; then
    prompt="A large red circle moves left quickly on a grey background, with a high tone." size=128x128:33 steps=35 shift=3
  fi
  local width height frames
  IFS=x: read -r width height frames <<<"${SIZE:-$size}"
  steps=${STEPS:-$steps}
  clip="${width}x$height, $frames frames with sound, $steps steps"
  printf '{"id": "a", "prompt": "%s", "seed": 1, "width": %d, "height": %d, "num_frames": %d, "steps": %d, "guidance_scale": 6, "flow_shift": %d, "sound": true}\n' \
    "$prompt" "$width" "$height" "$frames" "$steps" "$shift" >"$work/$name.jsonl"
}

for checkpoint in "$@"; do
  name=$(basename "${checkpoint/:/-}")
  trained=1
  case $checkpoint in random:*) trained=0 ;; esac
  write_manifest
  make_clip float32 1 float32 || continue
  make_clip bfloat16 1 bfloat16 || continue
  compare_latents bfloat16 1 "one rank in bfloat16" float32 "one rank in float32"
  compare_grids bfloat16
  if [ "$trained" = 1 ]; then compare_grids float32; fi
  compare_ways
  compare_decodes bfloat16
  compare_decodes float32
  compare "8-bit pictures of one rank in bfloat16 against float32" "$work/$name-bfloat16" 1 \
    "$work/$name-none-float32/media/a.mp4" "$work/$name-none-bfloat16/media/a.mp4"
done
exit $status
