#!/usr/bin/env bash
# Installs everything that building Orrery needs: Debian packages, and LibTorch in a per-user cache that all clones share; with
# a CUDA compiler also FlashAttention-3's kernel, without which GPUs compute attention with cuDNN.
# May be run repeatedly; it reports what it does. Without root, it lists the missing packages and continues.
#   ORRERY_CACHE        the cache (default: ~/.cache/orrery)
#   Torch_DIR, CMAKE_PREFIX_PATH   an existing LibTorch to use instead
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config git ccache mold xz-utils python3 python3-venv python3-h5py
  libopenmpi-dev openmpi-bin libhdf5-dev hdf5-tools libsentencepiece-dev libicu-dev libboost-program-options-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev ffmpeg
  libheif-dev libjpeg-dev liblcms2-dev libtiff-dev zlib1g-dev
  nlohmann-json3-dev libspdlog-dev libfmt-dev libxxhash-dev libgtest-dev libgmock-dev
  clang-format clang-tidy shellcheck clang libclang-rt-14-dev
  slurm-wlm munge chromium debootstrap
)
torch_version=2.11.0
cache=${ORRERY_CACHE:-$HOME/.cache/orrery}
torch_root=$cache/torch-$torch_version
fa3_version=0.0.3
fa3_sha256=44d26c6cfc69dde5a0f9c6bebbccbb96ed20e97bc8b9ddda638b0bf62e91b93d
fa3_root=$cache/fa3_fwd-$fa3_version

say() { printf 'setup: %s\n' "$*"; }

# Prevents apt from starting services (policy-rc.d returns 101), since tests start their own Slurm and munge.
apt_install() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
)

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "Debian packages: all ${#packages[@]} are there"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "these Debian packages are missing and you are not root; ask for: apt-get install ${missing[*]}"
    return
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  apt_install "${missing[@]}"
}

# True when Torch_DIR or CMAKE_PREFIX_PATH names a LibTorch.
named_libtorch() {
  local dir
  for dir in ${Torch_DIR:-} $(printf '%s' "${CMAKE_PREFIX_PATH:-}" | tr ':;' '  '); do
    if [ -e "$dir/TorchConfig.cmake" ] || [ -e "$dir/Torch/TorchConfig.cmake" ] || [ -e "$dir/include/ATen/ATen.h" ]; then
      say "LibTorch: taking the one at $dir"
      return 0
    fi
  done
  return 1
}

fetch_libtorch() {
  local part=$torch_root.part.$$
  say "LibTorch: installing torch $torch_version (about 3 GB, once for all clones) into $torch_root"
  trap 'rm -rf "$part" "$cache/venv.$$"' EXIT
  python3 -m venv "$cache/venv.$$"
  "$cache/venv.$$/bin/python" -m pip install --quiet --no-cache-dir --no-compile --target "$part" "torch==$torch_version"
  rm -rf "$part/triton" "$cache/venv.$$" # a kernel compiler for Python: 600 MB that LibTorch does not load
  mv "$part" "$torch_root"
  trap - EXIT
}

install_libtorch() {
  named_libtorch && return
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 # two clones may be set up at the same time
  if [ -e "$torch_root/torch/include/ATen/ATen.h" ]; then
    say "LibTorch: $torch_version is in $torch_root"
  else
    fetch_libtorch
  fi
  exec 9>&-
}

# Keeps only the wheel's library, without debugging symbols, and its metadata with the licence.
fetch_fa3() {
  local wheel=$1/site keep=$1/keep/fa3_fwd
  mkdir -p "$keep" &&
    printf 'fa3-fwd==%s --hash=sha256:%s\n' "$fa3_version" "$fa3_sha256" >"$1/pin" &&
    python3 -m venv "$1/venv" &&
    "$1/venv/bin/python" -m pip install --quiet --no-cache-dir --no-compile --no-deps --only-binary :all: --require-hashes \
      --target "$wheel" -r "$1/pin" &&
    strip -o "$keep/_C.abi3.so" "$wheel/fa3_fwd/_C.abi3.so" &&
    cp "$wheel/fa3_fwd-$fa3_version.dist-info/METADATA" "$keep/" &&
    mv "$1/keep" "$fa3_root"
}

install_fa3() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ -e "$fa3_root/fa3_fwd/_C.abi3.so" ]; then
    say "FlashAttention-3: fa3-fwd $fa3_version is in $fa3_root"
  elif fetch_fa3 "$fa3_root.part.$$"; then
    say "FlashAttention-3: fa3-fwd $fa3_version installed into $fa3_root"
  else
    say "FlashAttention-3: fa3-fwd $fa3_version could not be fetched: GPUs will compute attention by cuDNN, about a tenth slower"
  fi
  rm -rf "$fa3_root.part.$$"
  exec 9>&-
}

install_packages
install_libtorch
if command -v nvcc >/dev/null; then
  say "CUDA: $(nvcc --version | sed -n 's/^Cuda compilation tools, //p')"
  install_fa3
else
  say "CUDA: no nvcc on PATH, so the program will be built for CPUs only"
fi
