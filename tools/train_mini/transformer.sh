#!/usr/bin/env bash
# Trains the mini checkpoint's transformer with the codecs that tools/train_mini/codecs.sh trained:
#   tools/train_mini/transformer.sh CODECS OUT [SECONDS] [OPTION…]
# OUT gets transformer/, text_tokenizer/, state.safetensors and log.jsonl. A second call on the same machine reuses the
# clips' latents; with `--resume OUT/state.safetensors --lr 5e-4` it continues from the first one's weights.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
codecs=$1 out=$2 seconds=${3:-560}
shift $(($# < 3 ? $# : 3))
here=$(dirname "$0")
python=${PYTHON:-python3}
"$python" "$here/tokenizer.py" "$out"
exec "$python" "$here/transformer.py" "$codecs" "$out" --seconds "$seconds" "$@"
