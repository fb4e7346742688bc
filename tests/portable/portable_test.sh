#!/usr/bin/env bash
# Starts the archive of tools/bundle.sh as a user of another Linux does: portable_test.sh CASE ARCHIVE
# CASE: debian11, debian11_without_mpi, debian11_slurm or debian13; ARCHIVE: made with --with-mpi. As root, since it changes
# the root folder; LibTorch comes from the cache of tools/setup.sh. Says what it tried, and ends with 1 at the first thing that is not as promised.
set -euo pipefail
case=$1 archive=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
cache=${ORRERY_CACHE:-$HOME/.cache/orrery}
torch=$cache/torch-2.11.0

# A mount namespace of its own, whose mounts go with it.
if [ -z "${IN_NAMESPACE:-}" ]; then
  work=$(mktemp -d /tmp/portable.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  IN_NAMESPACE=$work unshare --mount --pid --fork --kill-child "$0" "$@"
  exit
fi
work=$IN_NAMESPACE
root=$work/root
mkdir -p "$root" "$work/upper" "$work/overlay"

mount_root() {
  mount -t tmpfs tmpfs "$work/upper"
  mkdir "$work/upper/files" "$work/upper/work"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/upper/files,workdir=$work/upper/work" "$root"
  mkdir -p "$root/opt/torch" "$root/sw" "$root/dev/shm"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount --bind "$torch" "$root/opt/torch"
  printf "127.0.0.1 localhost %s\n" "$(hostname)" >"$root/etc/hosts"
  mkdir "$root/opt/two words"
  tar xf "$archive" -C "$root/opt/two words" --strip-components 1
}

# A command in the root, with a user's few variables.
inside() {
  chroot "$root" env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C.UTF-8 \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_base_warn_component_unused=0 "$@"
}
with_torch() { inside ORRERY_LIBTORCH=/opt/torch/torch "$@"; }

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
tried() { printf 'ok: %s\n' "$*"; }

# STATUS WORDS COMMAND…: the command must end with this status and say these words.
expect() {
  local status=0 wanted=$1 words=$2 said
  shift 2
  said=$("$@" 2>&1) || status=$?
  [ "$status" -eq "$wanted" ] || fail "exit code $status, not $wanted, of: $*; it said: $said"
  case $said in *"$words"*) ;; *) fail "not \"$words\" but: $said" ;; esac
}

clip() { printf '{"id": "a", "prompt": "A large red circle moves left quickly on a grey background."}\n' >"$root/root/a.jsonl"; }
options=(--checkpoint "/opt/two words/share/orrery/inputs/mini" --manifest /root/a.jsonl --width 128 --height 128
  --num-frames 5 --steps 3 --flow-shift 3 --snapshot-every 0)

check_program() {
  expect 0 "LibTorch" with_torch "/opt/two words/bin/orrery" --version
  tried "$1: --version from a folder with a space in its name: $(inside getconf GNU_LIBC_VERSION), $(inside mpirun --version | head -1)"
  expect 0 "" with_torch "/opt/two words/bin/orrery" validate "${options[@]}"
  tried "$1: validate"
  expect 0 "" with_torch mpirun -n 4 --oversubscribe "/opt/two words/bin/orrery" run "${options[@]}" --out /root/out --cfg 2 --tp 2
  [ -s "$root/root/out/media/a.mp4" ] || fail "no mp4 after a run"
  tried "$1: a clip on 4 ranks, mp4 of $(stat -c %s "$root/root/out/media/a.mp4") bytes"
  check_numbers "$1"
}

# The latents of this machine's own build and MPI.
check_numbers() {
  mpirun --allow-run-as-root -n 4 --oversubscribe --quiet "$ORRERY" run --checkpoint "$source/inputs/mini" --manifest "$root/root/a.jsonl" \
    "${options[@]:4}" --out "$work/here" --cfg 2 --tp 2 --media none >"$work/here.log" 2>&1 || fail "$(cat "$work/here.log")"
  "$ORRERY" compare --tolerance 1e-3 "$work/here/latents/a.h5" "$root/root/out/latents/a.h5" >"$work/compare.log" || fail "$(cat "$work/compare.log")"
  tried "$1: latents within 1e-3 of those made here"
}

check_refusals() {
  expect 2 "no LibTorch 2.11.0" inside "/opt/two words/bin/orrery" --version
  tried "$1: without LibTorch it says where it looked"
  mkdir -p "$root/opt/other/lib" && touch "$root/opt/other/lib/libtorch_cpu.so" && echo "__version__ = '2.8.0'" >"$root/opt/other/version.py"
  expect 2 "is LibTorch 2.8.0" inside ORRERY_LIBTORCH=/opt/other "/opt/two words/bin/orrery" --version
  tried "$1: another LibTorch is refused by its version"
}

check_installed() {
  with_torch "/opt/two words/install.sh" /sw/one >/dev/null
  with_torch "/opt/two words/install.sh" /sw/two >/dev/null
  expect 2 "uninstall" with_torch "/opt/two words/install.sh" /sw/one
  for file in man/man1/orrery-run.1 modulefiles/orrery/0.1.0 modulefiles/orrery/0.1.0.lua bash-completion/completions/orrery; do
    [ -s "$root/sw/one/share/$file" ] || fail "no share/$file"
  done
  mount --bind "$root/sw/one" "$root/sw/one" && mount -o remount,ro,bind "$root/sw/one"
  expect 0 "revision" with_torch PATH=/sw/one/bin:/usr/bin:/bin orrery --version
  tried "$1: installed in a folder that cannot be written"
  umount "$root/sw/one"
  inside /sw/one/share/orrery/uninstall
  [ -z "$(find "$root/sw/one" -mindepth 1)" ] || fail "uninstall left $(find "$root/sw/one" | head -3)"
  expect 0 "revision" with_torch /sw/two/bin/orrery --version
  tried "$1: two installations side by side, one of them removed"
}

# The job scripts of an installation, found through PATH, under that Linux' own Slurm and Open MPI.
check_slurm() {
  with_torch "/opt/two words/install.sh" /sw/orrery >/dev/null
  cp "$source/tools/slurm_dev.sh" "$root/root/"
  # shellcheck disable=SC2016  # expanded by the inner shell
  with_torch PATH=/sw/orrery/bin:/usr/bin:/bin:/usr/sbin:/sbin bash -e -c '
    ip link set lo up 2>/dev/null || true
    /root/slurm_dev.sh start /root/slurm >/root/slurm.log 2>&1 || { cat /root/slurm.log; exit 3; }
    eval "$(/root/slurm_dev.sh env /root/slurm)"
    cd /root
    job=$(sbatch --parsable --ntasks 2 --output /root/job.out /sw/orrery/share/orrery/slurm/generate.sbatch --device cpu --cfg 2 "$@")
    while [ -n "$(squeue -h -j "$job")" ]; do sleep 0.2; done
    /root/slurm_dev.sh stop /root/slurm' bash "${options[@]}" --out /root/out >"$work/slurm.log" 2>&1 || fail "$(cat "$work/slurm.log")"
  [ -s "$root/root/out/media/a.mp4" ] || fail "no mp4 after the job: $(cat "$root/root/job.out" "$work/slurm.log")"
  tried "$1: a job of 2 ranks through sbatch: $(inside dpkg-query -W slurm-wlm openmpi-bin | tr "\t\n" "  ")"
}

roots=$cache/roots
case $case in
  debian11*without_mpi) mount_root "$roots/debian11" ;;
  debian11*) mount_root "$roots/debian11-mpi:$roots/debian11" ;;
  debian13) mount_root "$roots/debian13" ;;
  *) fail "unknown case $case" ;;
esac
clip
case $case in
  debian11)
    check_program "Debian 11"
    check_refusals "Debian 11"
    check_installed "Debian 11"
    ;;
  debian11_without_mpi)
    expect 0 "" with_torch "/opt/two words/bin/mpirun" -n 2 --oversubscribe "/opt/two words/bin/orrery" run "${options[@]}" \
      --out /root/out --cfg 2
    [ -s "$root/root/out/media/a.mp4" ] || fail "no mp4 after a run"
    tried "Debian 11 without MPI: a clip on 2 ranks by the archive's own"
    rm -r "$root/opt/two words/lib/openmpi"
    expect 2 "no Open MPI 4.1 or 5 on this host" with_torch "/opt/two words/bin/orrery" --version
    tried "Debian 11 without MPI, nor any in the archive: it says so"
    ;;
  debian11_slurm) check_slurm "Debian 11" ;;
  debian13)
    check_program "Debian 13"
    check_installed "Debian 13"
    ;;
esac
