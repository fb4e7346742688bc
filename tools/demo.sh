#!/usr/bin/env bash
# From a clone to clips: sets the machine up, builds, makes a small checkpoint, and takes inputs/demo.jsonl through four
# ranks (cfg 2 x tp 2). The checkpoint's weights are random, so the pictures are noise; the path is the real one.
#   tools/demo.sh [OUT]      OUT: where the clips go (default: build/demo/out)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/demo/out}
checkpoint=build/demo/checkpoint

tools/setup.sh
cmake -G Ninja -S . -B build >/dev/null
cmake --build build --target orrery
[ -d "$checkpoint" ] || python3 tools/make_checkpoint.py --preset demo --out "$checkpoint"

launcher=(mpirun -n 4 --oversubscribe --bind-to none)
[ "$(id -u)" -ne 0 ] || launcher+=(--allow-run-as-root)
"${launcher[@]}" build/bin/orrery run --checkpoint "$checkpoint" --manifest inputs/demo.jsonl --out "$out" --cfg 2 --tp 2

echo
echo "The demo checkpoint has random weights: its clips are noise. Files made:"
find "$out" -type f ! -name '*.tmp' -printf '%p\t%s bytes\n' | sort
