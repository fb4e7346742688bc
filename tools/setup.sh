#!/usr/bin/env bash
# Installs what building Orrery needs: Debian packages, and LibTorch into a per-user cache that all clones share.
# Run it as often as you like; it says what it does. Without root it names what is missing and goes on.
#   ORRERY_CACHE        where LibTorch goes (default: ~/.cache/orrery)
#   Torch_DIR, CMAKE_PREFIX_PATH   an existing LibTorch, taken instead
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config git ccache mold xz-utils python3 python3-venv python3-h5py
  libopenmpi-dev openmpi-bin libhdf5-dev hdf5-tools libsentencepiece-dev libicu-dev libboost-program-options-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev ffmpeg
  libheif-dev liblcms2-dev libtiff-dev zlib1g-dev
  nlohmann-json3-dev libspdlog-dev libfmt-dev libxxhash-dev libgtest-dev libgmock-dev
  clang-format clang-tidy shellcheck
  slurm-wlm munge chromium
)
torch_version=2.11.0
cache=${ORRERY_CACHE:-$HOME/.cache/orrery}
torch_root=$cache/torch-$torch_version

say() { printf 'setup: %s\n' "$*"; }

# Slurm and munge are for tests that start their own: while policy-rc.d says 101, apt starts no service.
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
  rm -rf "$part/triton" "$cache/venv.$$" # Python's kernel compiler: 600 MB that LibTorch does not load
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

install_packages
install_libtorch
if command -v nvcc >/dev/null; then
  say "CUDA: $(nvcc --version | sed -n 's/^Cuda compilation tools, //p')"
else
  say "CUDA: no nvcc on PATH, so the program will be built for CPUs only"
fi
