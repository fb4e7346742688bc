#!/usr/bin/env bash
# Makes the Linux trees that the portable tests start the archive in, once for all clones: roots.sh
#   debian11       glibc 2.31, no MPI
#   debian11-mpi   what Open MPI 4.1.0, Slurm and Python add to it: a layer of files
#   debian13       glibc 2.41, Open MPI 5
#   ORRERY_CACHE   where roots/ goes (default: ~/.cache/orrery)
set -euo pipefail
roots=${ORRERY_CACHE:-$HOME/.cache/orrery}/roots
# shellcheck disable=SC2016  # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -1)
mkdir -p "$roots"
exec 9>"$roots/lock"
flock 9

# $1: name; $2: release; the rest: packages.
make_root() {
  local name=$1 release=$2
  shift 2
  [ ! -e "$roots/$name" ] || return 0
  echo "roots: $name from Debian's packages"
  rm -rf "$roots/$name.part"
  debootstrap --variant=minbase ${1:+--include="$*"} "$release" "$roots/$name.part" "$mirror" >"$roots/$name.log" 2>&1 ||
    { tail -20 "$roots/$name.log" >&2; exit 1; }
  rm -rf "$roots/$name.part/var/cache/apt/archives" "$roots/$name.part/usr/share/doc"
  mv "$roots/$name.part" "$roots/$name"
}

# Debian 11's packages into a layer above the bare root.
make_layer() {
  local name=$1
  shift
  [ ! -e "$roots/$name" ] || return 0
  echo "roots: $name from Debian's packages"
  rm -rf "$roots/$name.part" "$roots/$name.work"
  mkdir -p "$roots/$name.part" "$roots/$name.work" "$roots/$name.mount"
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount sh -e -c '
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2.part,workdir=$2.work" "$2.mount"
    mount -t proc proc "$2.mount/proc"
    mount -t tmpfs tmpfs "$2.mount/var/cache/apt"
    cp /etc/resolv.conf "$2.mount/etc/"
    root=$2.mount && shift 2
    printf "#!/bin/sh\nexit 101\n" >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends "$@"' \
    sh "$roots/debian11" "$roots/$name" "$@" >"$roots/$name.log" 2>&1 || { tail -20 "$roots/$name.log" >&2; exit 1; }
  mv "$roots/$name.part" "$roots/$name"
}

make_root debian13 trixie openmpi-bin &
make_root debian11 bullseye
make_layer debian11-mpi openmpi-bin python3-minimal libpython3-stdlib procps iproute2 slurm-wlm munge
wait %1
