#!/usr/bin/env bash
# Trains the video VAE and the sound autoencoder at the same time on one GPU: codecs.sh OUT [SECONDS of training [START]]
# START is the folder of an earlier training, from whose vae/ the VAE's training starts.
# A second call with the same OUT and more SECONDS continues where the first one ended.
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
