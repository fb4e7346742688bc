#!/usr/bin/env bash
# Trains the video VAE and the sound autoencoder at the same time on one GPU: codecs.sh OUT [SECONDS of training]
# A second call with the same OUT and more SECONDS goes on where the first ended.
set -euo pipefail
out=${1:?codecs.sh OUT [SECONDS]}
seconds=${2:-240}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

train() {
  "${PYTHON:-python3}" -W ignore "$here/$1.py" --out "$out" --seconds "$seconds" 2>&1 | tee -a "$out/$1.log"
}

train vae &
vae=$!
train sound &
sound=$!
status=0
wait "$vae" || status=1
wait "$sound" || status=1
exit "$status"
