#!/usr/bin/env bash
# What --step-cache and --guidance-interval cost and save with the small checkpoint: held-out captions at each threshold,
# beside plain clips of as many steps as were computed, all against the clips without either. Prints a table;
# OUT/step_cache.jsonl gets its rows for tools/results/.
#   tools/eval_mini/step_cache.sh OUT
# The same command goes on where it was stopped; another checkpoint or other options need another OUT. Beside the
# variables of runs.sh:
#   THRESHOLDS  of --step-cache (default: 0.1 0.15 0.2 0.25 0.35)
#   INTERVALS   of --guidance-interval, LO,HI (default: 200,950 0,900 500,1001)
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
