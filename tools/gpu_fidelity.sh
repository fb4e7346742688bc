#!/usr/bin/env bash
# How far the latents of one 480p clip of random:nano lie apart when it is made in other ways on a GPU host: in 8 bits, by
# two GPUs, with another build. Each way against plain bfloat16 on one GPU, by `orrery compare`.
#   ORRERY  the program (default: that of tools/gpu_check.sh's bundle in build-gpu)
#   OTHER   another build of it, to compare with (default: none)
#   OUT     folder for the logs (default: build-gpu/fidelity)
#   STEPS   denoise steps (default: 35)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
PYTHON=$(command -v python3)
export PYTHON
orrery=${ORRERY:-$PWD/build-gpu/orrery-bundle/bin/orrery-gpu}
out=${OUT:-$PWD/build-gpu/fidelity}
work=$PWD/build-gpu/fidelity-clips
rm -rf "$work"
mkdir -p "$out" "$work"
printf '{"id": "a", "prompt": "A forklift turns into the aisle.", "seed": 1, "height": 480, "width": 832, "num_frames": 93, "sound": true}\n' >"$work/one.jsonl"
status=0

# NAME PROGRAM RANKS OPTIONS…
make_clip() {
  local name=$1 program=$2 ranks=$3
  shift 3
  mpirun --bind-to none -n "$ranks" "$program" run --checkpoint random:nano --device cuda --manifest "$work/one.jsonl" \
    --out "$work/$name" --media none --steps "${STEPS:-35}" "$@" >"$out/$name.log" 2>&1 ||
    { status=1; echo "$name failed:"; tail -5 "$out/$name.log"; return 0; }
}

# NAME PROGRAM RANKS OPTIONS…
against_plain() {
  make_clip "$@"
  [ -e "$work/$1/latents/a.h5" ] || return 0
  echo "$1 against plain:"
  "$orrery" compare --tolerance 1e9 "$work/plain/latents/a.h5" "$work/$1/latents/a.h5" | tee -a "$out/compare.log" ||
    { status=1; echo "no comparison"; }
}

make_clip plain "$orrery" 1
against_plain again "$orrery" 1
against_plain fp8 "$orrery" 1 --gemm fp8
if [ -n "${OTHER:-}" ]; then against_plain other "$OTHER" 1; fi
if [ "$(nvidia-smi -L | wc -l)" -ge 2 ]; then
  against_plain cfg2 "$orrery" 2 --cfg 2
  against_plain tp2 "$orrery" 2 --tp 2
fi
exit $status
