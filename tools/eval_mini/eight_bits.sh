#!/usr/bin/env bash
# Measures the error of 8-bit formats with the small checkpoint: makes held-out captions with products, attention or both in
# 8 bits, also with the step cache, and compares them with the clips in float32. Prints a table; OUT/eight_bits.jsonl gets its
# rows for tools/results/.
#   tools/eval_mini/eight_bits.sh OUT
# The same command continues after a stop; another checkpoint or other options need another OUT. Besides the variables of
# runs.sh:
#   VARIANTS    names from the list below, separated by spaces (default: all)
# Names that end in -all-steps have no steps in full precision. On a CPU, values are rounded as by the GPU's kernels.
set -euo pipefail
# shellcheck source=tools/eval_mini/runs.sh
. "$(dirname "$0")/runs.sh" "${1:?usage: $0 OUT}"
declare -A variants=(
  [weights]="--gemm fp8 --full-precision-steps 1000,0"
  [gemm]="--gemm fp8"
  [gemm-all-steps]="--gemm fp8 --full-precision-steps 0,0"
  [attention]="--attention fp8"
  [attention-all-steps]="--attention fp8 --full-precision-steps 0,0"
  [both]="--gemm fp8 --attention fp8"
  [both-all-steps]="--gemm fp8 --attention fp8 --full-precision-steps 0,0"
  [cache]="--step-cache 0.25"
  [gemm-and-cache]="--gemm fp8 --step-cache 0.25"
  [both-and-cache]="--gemm fp8 --attention fp8 --step-cache 0.25"
)
read -ra names <<<"${VARIANTS:-weights gemm gemm-all-steps attention attention-all-steps both both-all-steps cache \
gemm-and-cache both-and-cache}"
for name in "${names[@]}"; do
  [ -n "${variants[$name]:-}" ] || { echo "VARIANTS: no $name; there are ${!variants[*]}"; exit 2; }
done
start exact held_out.jsonl
for name in "${names[@]}"; do
  read -ra more <<<"${variants[$name]}"
  start "$name" held_out.jsonl "${more[@]}"
done
finish
"$python" "$tool/against_exact.py" . --manifest held_out.jsonl --device "$device" --rows eight_bits.jsonl \
  --command tools/eval_mini/eight_bits.sh
