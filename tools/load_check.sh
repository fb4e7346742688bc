#!/usr/bin/env bash
# Measures the speed of loading a checkpoint and of dd on the same files, from disk and from the page cache. Prints JSON
# lines. The "share" of a tower's line is relative to a plain read in the same process, which reads like dd.
#   tools/load_check.sh FOLDER           FOLDER: a checkpoint; if missing, one of random weights is made there and kept
#                                        (28 GB; use a local disk)
#   PRESET   preset of tools/make_checkpoint.py for a new checkpoint (default: nano); LAYERS: fewer layers, for a slow disk
#   ORRERY   the program (default: build/bin/orrery, else the one of tools/gpu_check.sh's archive, unpacked if needed)
#   ROUNDS   number of rounds (default: 3), each of which reads the checkpoint six times, three times from disk; on a busy
#            machine, take the best of each
#   DEVICE, DTYPE   as the program's options (default: auto); RANKS: number of ranks, with --tp RANKS (default: 1)
set -euo pipefail
folder=${1:?usage: tools/load_check.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
ranks=${RANKS:-1}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
PYTHON=$(command -v python3)
export PYTHON

find_program() {
  orrery=${ORRERY:-$root/build/bin/orrery}
  if [ -n "${ORRERY:-}" ] || [ -e "$orrery" ]; then return; fi
  orrery=$root/build-gpu/orrery/bin/orrery
  if [ -e "$orrery" ]; then return; fi
  mkdir -p "$root/build-gpu/orrery"
  tar xf "$root/.gpu/orrery.tar.xz" -C "$root/build-gpu/orrery" --strip-components 1
}

find_program
[ -e "$folder" ] || python3 "$here/make_checkpoint.py" --preset "${PRESET:-nano}" ${LAYERS:+--layers "$LAYERS"} --out "$folder" >&2
sync
files=("$folder"/transformer/*.safetensors)
bytes=0
for file in "${files[@]}"; do bytes=$((bytes + $(stat -Lc %s "$file"))); done

drop() { local file; for file in "${files[@]}"; do dd if="$file" iflag=nocache count=0 status=none; done; }

# read_with_dd CACHE: measures dd. CACHE is the state of the page cache, for the line.
read_with_dd() {
  local file begin end
  begin=$(date +%s%N)
  for file in "${files[@]}"; do dd if="$file" of=/dev/null bs=16M status=none; done
  end=$(date +%s%N)
  python3 - "$1" "$bytes" $((end - begin)) "${#files[@]}" <<'END'
import json, sys
cache, size, nanoseconds, files = sys.argv[1], *map(int, sys.argv[2:])
print(json.dumps({"what": "load", "name": "dd", "shape": f"{files} files, bs=16M", "median_ms": nanoseconds / 1e6,
                  "gbps": round(size / nanoseconds, 4), "bytes": size, "cache": cache}))
END
}

load() {
  local launcher=()
  if [ "$ranks" -gt 1 ]; then launcher=(mpirun --bind-to none --oversubscribe -n "$ranks"); fi
  "${launcher[@]}" "$orrery" bench --checkpoint "$folder" --what load --json --tp "$ranks" --device "${DEVICE:-auto}" \
    --dtype "${DTYPE:-auto}" "$@"
}

for ((round = 0; round < ${ROUNDS:-3}; ++round)); do
  drop
  read_with_dd dropped
  load --drop-cache
  read_with_dd "as it was"
  load
done
