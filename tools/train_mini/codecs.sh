#!/usr/bin/env bash
# Trains the video VAE and the sound autoencoder at the same time on one GPU: codecs.sh OUT [SECONDS of training [START]]
# START, a folder that an earlier training wrote, is where the VAE begins: its vae/ is read.
# A second call with the same OUT and more SECONDS goes on where the first ended.
set -euo pipefail
out=${1:?codecs.sh OUT [SECONDS]}
seconds=${2:-240}
start=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

train() {
  local stage=$1
  shift
  "${PYTHON:-python3}" -W ignore "$here/$stage.py" --out "$out" --seconds "$seconds" "$@" 2>&1 | tee -a "$out/$stage.log"
}

train vae ${start:+--start "$start/vae"} &
vae=$!
train sound &
sound=$!
status=0
wait "$vae" || status=1
wait "$sound" || status=1
exit "$status"
