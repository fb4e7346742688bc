# Finds LibTorch, MPI and the C library for a program of this archive, and starts it. Written for sh; bin/orrery sources it.
#   root   the unpacked archive
# Exports nothing, so that the program's children see the host's environment, except OPAL_PREFIX when the archive's Open MPI is
# used, which needs it to find its own files.
# shellcheck shell=sh
# shellcheck disable=SC2154  # root is set by the caller

# shellcheck disable=SC1091  # made by tools/bundle.sh
. "$root/libexec/built-with" # torch, glibc, stdcxx: versions
looked=""

refuse() {
  printf 'orrery: error: %s\n' "$*" >&2
  exit 2
}

looked_at() { looked="$looked
  $1: $2"; }

# True when version $1 is $2 or later; both are numbers with dots.
at_least() {
  a=$1. b=$2.
  while [ -n "$b" ]; do
    [ "${a%%.*}" -gt "${b%%.*}" ] 2>/dev/null && return 0
    [ "${a%%.*}" -eq "${b%%.*}" ] 2>/dev/null || return 1
    a=${a#*.} b=${b#*.}
    [ -n "$a" ] || a=0.
  done
}

# --- LibTorch --------------------------------------------------------------------------------------------------------

# Sets version to that of the LibTorch whose libraries are in $1, from its Python package or its archive; "" when unknown.
torch_version_in() {
  version=""
  if [ -r "$1/../version.py" ]; then
    while read -r line; do
      case $line in "__version__ = "*) version=${line#*\'} version=${version%%[\'+]*} ;; esac
    done <"$1/../version.py"
  elif [ -r "$1/../build-version" ]; then
    read -r version <"$1/../build-version"
    version=${version%%+*}
  fi
}

# Sets torch_path when $2, or its lib/, is a LibTorch that the program can use. $1 describes $2 in messages.
use_torch() {
  folder=$2
  [ -e "$folder/lib/libtorch_cpu.so" ] && folder=$folder/lib
  [ -e "$folder/libtorch_cpu.so" ] || { looked_at "$1" "$2 has no libtorch_cpu.so"; return 1; }
  torch_version_in "$folder"
  # shellcheck disable=SC2154  # torch is in built-with
  [ "$version" = "$torch" ] || { looked_at "$1" "$2 is LibTorch ${version:-of an unknown version}"; return 1; }
  [ -e "$folder/libtorch_cuda.so" ] || { looked_at "$1" "$2 is a LibTorch without CUDA"; return 1; }
  torch_path=$folder
  for each in "$folder"/../../nvidia/*/lib; do
    [ -d "$each" ] && torch_path=$torch_path:$each
  done
  return 0
}

use_torch_of_python() {
  place=$(command -v "$1") || { looked_at "Python" "no $1 on PATH"; return 1; }
  # Locates torch without importing it, which would take seconds on each rank.
  found=$("$place" -c 'import importlib.util as u
s = u.find_spec("torch")
print(list(s.submodule_search_locations)[0] if s else "")' 2>/dev/null)
  [ -n "$found" ] || { looked_at "Python" "$place has no torch"; return 1; }
  use_torch "Python" "$found"
}

find_torch() {
  if [ -d "$root/lib/torch" ]; then
    use_torch "this archive" "$root/lib/torch" && return
  else
    looked_at "this archive" "$root/lib/torch is not there"
  fi
  if [ -n "${ORRERY_LIBTORCH:-}" ]; then
    use_torch "ORRERY_LIBTORCH" "$ORRERY_LIBTORCH" && return
    refuse "ORRERY_LIBTORCH names no LibTorch $torch for CUDA:${looked##*ORRERY_LIBTORCH:}"
  fi
  looked_at "ORRERY_LIBTORCH" "is not set"
  use_torch_of_python "${PYTHON:-python3}" && return
  use_torch "the cache" "${ORRERY_CACHE:-${HOME:-}/.cache/orrery}/torch-$torch/torch" && return
  refuse "no LibTorch $torch for CUDA on this host. Looked in:$looked
Do one of: pip install torch==$torch; export ORRERY_LIBTORCH=the folder of a LibTorch $torch; use the archive that has it
(tools/bundle.sh --with-libtorch)."
}

# --- MPI -------------------------------------------------------------------------------------------------------------

# Prints the path of a library in the loader's cache; nothing if it is not there.
known() {
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | sed -n "/x86-64/s/^[[:space:]]*$1 .* => //p" | head -n 1
}

# Sets mpi_path to $1 when Open MPI's library is in it.
use_mpi() {
  [ -e "$1/libmpi.so.40" ] || return 1
  mpi_path=$1
}

# Prefers the launcher's own library, since both must be of the same release, and the loader's cache may have another one.
find_mpi() {
  mpi_path=""
  carried=$root/lib/openmpi/lib
  case ${OPAL_PREFIX:-} in "$root"/*) use_mpi "$carried" && return ;; esac
  rest=${LD_LIBRARY_PATH:-}:
  while [ -n "$rest" ]; do
    [ -n "${rest%%:*}" ] && use_mpi "${rest%%:*}" && return
    rest=${rest#*:}
  done
  if launcher=$(command -v mpirun); then
    prefix=$(readlink -f "$launcher")
    prefix=${prefix%/bin/*}
    for each in "$prefix/lib" "$prefix/lib64"; do use_mpi "$each" && return; done
  fi
  [ -n "${MPI_HOME:-}" ] && use_mpi "$MPI_HOME/lib" && return
  [ -z "$(known libmpi.so.40)" ] || return 0
  for each in /usr/lib64/openmpi/lib /usr/lib64/mpi/gcc/openmpi4/lib64 /usr/lib64/mpi/gcc/openmpi5/lib64; do
    use_mpi "$each" && return
  done
  use_mpi "$carried" && { OPAL_PREFIX=$root/lib/openmpi && export OPAL_PREFIX && return; }
  refuse "no Open MPI 4.1 or 5 on this host: libmpi.so.40 is not in LD_LIBRARY_PATH, beside an mpirun on PATH, in MPI_HOME or in
the loader's cache. Load your site's Open MPI module, or use the archive that has one (tools/bundle.sh --with-mpi)."
}

# --- the C and C++ libraries -----------------------------------------------------------------------------------------

# Uses the archive's libraries if the host's are older, else the host's, since its MPI may need them.
choose_runtime() {
  host=$(getconf GNU_LIBC_VERSION 2>/dev/null)
  # shellcheck disable=SC2154  # glibc and stdcxx are in built-with
  if at_least "${host#glibc }" "$glibc" && [ -x /lib64/ld-linux-x86-64.so.2 ]; then
    loader=/lib64/ld-linux-x86-64.so.2 runtime=""
  else
    loader=$root/lib/glibc/ld-linux-x86-64.so.2 runtime=$root/lib/glibc:
  fi
  theirs=$(known libstdc++.so.6)
  [ -z "$theirs" ] || theirs=$(readlink -f "$theirs")
  at_least "${theirs##*libstdc++.so.}" "$stdcxx" || runtime=$runtime$root/lib/gcc:
}

start() {
  program=$1
  shift
  find_torch
  find_mpi
  choose_runtime
  path=$runtime$root/lib:$torch_path
  [ -z "${LD_LIBRARY_PATH:-}" ] || path=$path:$LD_LIBRARY_PATH
  [ -z "$mpi_path" ] || path=$path:$mpi_path
  exec "$loader" --argv0 "$program" --library-path "$path" "$program" "$@"
}
