#!/usr/bin/env bash
# Measures the error and the savings of --step-cache and --guidance-interval with the small checkpoint: makes held-out captions
# with each threshold and interval, and plain clips with as many steps as a threshold computed, and compares all with the clips
# without either. Prints a table; OUT/step_cache.jsonl gets its rows for tools/results/.
#   tools/eval_mini/step_cache.sh OUT
# The same command continues after a stop; another checkpoint or other options need another OUT. Besides the variables of
# runs.sh:
#   THRESHOLDS  values of --step-cache (default: 0.1 0.15 0.2 0.25 0.35)
#   INTERVALS   values of --guidance-interval, LO,HI (default: 200,950 0,900 500,1001)
set -euo pipefail
# shellcheck source=tools/eval_mini/runs.sh
. "$(dirname "$0")/runs.sh" "${1:?usage: $0 OUT}"
read -ra thresholds <<<"${THRESHOLDS:-0.1 0.15 0.2 0.25 0.35}"
read -ra intervals <<<"${INTERVALS-200,950 0,900 500,1001}"
start exact held_out.jsonl
for interval in "${intervals[@]}"; do start "interval-$interval" held_out.jsonl --guidance-interval "$interval"; done
for threshold in "${thresholds[@]}"; do start "cache-$threshold" held_out.jsonl --step-cache "$threshold"; done
finish
for threshold in "${thresholds[@]}"; do
  "$python" "$tool/against_exact.py" --plain "cache-$threshold" --manifest held_out.jsonl >"plain-$threshold.jsonl"
  start "plain-$threshold" "plain-$threshold.jsonl"
done
finish
"$python" "$tool/against_exact.py" . --manifest held_out.jsonl --device "$device" --rows step_cache.jsonl \
  --command tools/eval_mini/step_cache.sh
