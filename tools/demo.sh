#!/usr/bin/env bash
# Goes from a fresh clone to clips: installs what is needed, builds, and makes the clips of inputs/demo.jsonl on four ranks
# (cfg 2 x tp 2) with the small trained checkpoint inputs/mini. Each clip shows what its prompt asks for.
#   tools/demo.sh [OUT]      OUT: folder for the clips (default: build/demo/out)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/demo/out}

tools/setup.sh
cmake -G Ninja -S . -B build >/dev/null
cmake --build build --target orrery

launcher=(mpirun -n 4 --oversubscribe --bind-to none)
[ "$(id -u)" -ne 0 ] || launcher+=(--allow-run-as-root)
"${launcher[@]}" build/bin/orrery run --checkpoint inputs/mini --manifest inputs/demo.jsonl --out "$out" --cfg 2 --tp 2 \
  --preview

echo
echo "Files made:"
find "$out" -type f ! -name '*.tmp' -printf '%p\t%s bytes\n' | sort
echo
echo "To see what was made, open $out/index.html, or twelve frames of each clip in one picture:"
find "$out/media" -name '*.png' | sort
