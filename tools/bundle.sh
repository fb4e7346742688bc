#!/usr/bin/env bash
# Makes build-bundle/orrery-bundle.tar.xz: the program for GPU hosts that have an NVIDIA driver, CUDA 13, Open MPI 4.1 and
# Python's torch, but none of the other libraries. Run it on Debian with the CUDA toolkit on PATH, after tools/setup.sh.
#   tools/bundle.sh            the program
#   tools/bundle.sh --tests    and the tests that need GPUs, for tools/gpu_check.sh, which adds their data
#   on the GPU host:  tar xf orrery-bundle.tar.xz && mpirun -n 2 orrery-bundle/bin/orrery-gpu run --cfg 2 …
# Debian's FFmpeg draws in 130 libraries, so a small one with what src/media uses is built once for all clones.
#   ORRERY_CACHE   where that FFmpeg goes, and where FlashAttention-3's kernel is (default: ~/.cache/orrery)
#   JOBS           compilers at a time (default: all cores)
set -euo pipefail
cd "$(dirname "$0")/.."

build=$PWD/build-bundle
bundle=$build/orrery-bundle
cache=${ORRERY_CACHE:-$HOME/.cache/orrery}
ffmpeg=$cache/ffmpeg-minimal
fa3=$cache/fa3_fwd-0.0.3
jobs=${JOBS:-$(nproc)}
tests=OFF
if [ "${1:-}" = --tests ]; then tests=ON; fi

# What an operator may hand in (images, clips to continue) and what the program writes; FFmpeg adds what these need.
decoders=apng,aac,bmp,gif,h264,hevc,mjpeg,mpeg4,pam,pbm,pcm_f32le,pcm_s16le,pgm,png,ppm,rawvideo,targa,tiff,vp8,vp9,webp
demuxers=apng,avi,gif,h264,hevc,image2,image_bmp_pipe,image_gif_pipe,image_jpeg_pipe,image_pam_pipe,image_pbm_pipe
demuxers+=,image_pgm_pipe,image_png_pipe,image_ppm_pipe,image_tiff_pipe,image_webp_pipe,matroska,mjpeg,mov,wav
# shellcheck disable=SC2054  # the commas are FFmpeg's
options=(
  --disable-everything --disable-autodetect --disable-programs --disable-doc --disable-network --disable-debug
  --disable-avdevice --disable-avfilter --disable-postproc --disable-swresample
  --enable-static --disable-shared --enable-pic --enable-gpl --enable-libx264 --enable-zlib
  --enable-encoder=libx264,aac,png --enable-muxer=mp4,mov,image2,wav --enable-protocol=file
  "--enable-decoder=$decoders" "--enable-demuxer=$demuxers"
  --enable-parser=aac,bmp,gif,h264,hevc,mjpeg,mpeg4video,png,pnm,vp8,vp9,webp
  --enable-bsf=aac_adtstoasc,extract_extradata,h264_mp4toannexb,hevc_mp4toannexb,vp9_superframe_split
)

say() { printf 'bundle: %s\n' "$*"; }
die() { printf 'bundle: %s\n' "$*" >&2; exit 1; }

# Runs a noisy command; shows the end of what it said only when it fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { tail -40 "$log" >&2; die "failed: $* (whole output: $log)"; }
}

# Into the current folder: FFmpeg's source package, by a private set of apt lists, since most machines have only those of
# binary packages; x264 and the assembler, unpacked but not installed, so that root is not needed.
fetch_sources() {
  local private=$PWD/apt
  mkdir -p "$private/lists/partial" "$private/archives/partial"
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    sort -u >"$private/sources.list"
  local settings=(-o "Dir::Etc::sourcelist=$private/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$private/lists"
    -o "Dir::Cache=$private" -o APT::Sandbox::User= -qq)
  apt-get "${settings[@]}" update
  apt-get "${settings[@]}" source --download-only ffmpeg
  apt-get -o APT::Sandbox::User= -qq download libx264-dev nasm
  tar xf ffmpeg_*.orig.tar.xz
  local package
  for package in ./*.deb; do dpkg -x "$package" deps; done
}

# x264 goes where the FFmpeg goes, as an archive only: a shared library beside it would be linked instead.
install_x264() {
  local lib
  lib=$(dirname deps/usr/lib/*/libx264.a)
  mkdir -p "$ffmpeg/lib/pkgconfig" "$ffmpeg/include"
  cp "$lib/libx264.a" "$ffmpeg/lib/"
  cp deps/usr/include/x264*.h "$ffmpeg/include/"
  sed -e "s#^prefix=.*#prefix=$ffmpeg#" -e "s#/usr/lib/[^ ]*#$ffmpeg/lib#" "$lib/pkgconfig/x264.pc" >"$ffmpeg/lib/pkgconfig/x264.pc"
}

build_ffmpeg() {
  local work=$cache/ffmpeg-build log=$cache/ffmpeg-build.log
  say "FFmpeg: building a minimal one in $ffmpeg (once for all clones)"
  rm -rf "$work" "$ffmpeg"
  mkdir -p "$work"
  pushd "$work" >/dev/null
  fetch_sources >/dev/null
  install_x264
  cd ffmpeg-*/
  export PATH=$work/deps/usr/bin:$PATH PKG_CONFIG_PATH=$ffmpeg/lib/pkgconfig
  quietly "$log" ./configure --prefix="$ffmpeg" --pkg-config-flags=--static "${options[@]}"
  quietly "$log" make -j "$jobs" install
  popd >/dev/null
  printf '%s\n' "${options[*]}" >"$ffmpeg/recipe"
  rm -rf "$work" "$log"
}

# The recipe is written last: a build that was cut short, or with other options, is made again.
install_ffmpeg() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ "$(cat "$ffmpeg/recipe" 2>/dev/null)" = "${options[*]}" ]; then
    say "FFmpeg: the minimal one is in $ffmpeg"
  else
    (build_ffmpeg)
  fi
  exec 9>&-
}

# HDF5 is linked as an archive, since Debian's shared one needs libcurl, which needs 30 more; of the archive, nothing that is
# used does. CMake leaves out what the archive itself needs: szip, which libaec provides.
# An old-style rpath holds for the copied libraries' own needs too, which a new-style one does not.
build_program() {
  say "program: building in $build"
  export PKG_CONFIG_PATH=$ffmpeg/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  mkdir -p "$build"
  # shellcheck disable=SC2016  # the loader's own variable
  quietly "$build/configure.log" cmake -G Ninja -S . -B "$build" -DORRERY_CUDA=ON -DORRERY_WERROR=ON -DORRERY_TESTS=$tests \
    -DHDF5_USE_STATIC_LIBRARIES=ON -DCMAKE_CXX_STANDARD_LIBRARIES="-l:libsz.a -l:libaec.a" \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
  local targets=(orrery)
  if [ $tests = ON ]; then mapfile -t -O 1 targets < <(test_programs); fi
  # The programs that the build itself runs have the bundle's rpath too, and need LibTorch from elsewhere.
  local torch
  torch=$(sed -n 's/^TORCH_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")
  LD_LIBRARY_PATH=$torch/../lib quietly "$build/build.log" cmake --build "$build" -j "$jobs" --target "${targets[@]}"
}

# The tests that need GPUs, a line each: program, ranks (0: started without a launcher), labels.
gpu_tests() {
  ctest --test-dir "$build" -L gpu --show-only=json-v1 | python3 -c '
import json, sys
for test in json.load(sys.stdin)["tests"]:
    program, _, ranks = test["name"].partition(".np")
    labels = next(p["value"] for p in test["properties"] if p["name"] == "LABELS")
    print(program, ranks or 0, ";".join(labels), sep="\t")'
}

# And the one that makes their data.
test_programs() {
  gpu_tests | cut -f1 | sort -u
  echo make_golden_weights
}

# A folder that ctest --test-dir runs on the GPU host, whose launcher is the mpirun on its PATH. Tests start in that folder.
# Their data, half as much again as all programs, are in the tree that tools/gpu_check.sh comes with.
add_tests() {
  local program ranks labels
  mkdir -p "$bundle/tests"
  for program in $(test_programs); do
    strip -o "$bundle/tests/$program" "$build/tests/bin/$program"
    copy_libraries "$bundle/tests/$program"
  done
  gpu_tests | while IFS=$'\t' read -r program ranks labels; do
    local name=$program launcher=""
    if [ "$ranks" -gt 0 ]; then
      name=$program.np$ranks launcher="mpirun --allow-run-as-root --bind-to none -n $ranks "
    fi
    printf 'add_test(%s %ssh ../bin/on-host ./%s)\n' "$name" "$launcher" "$program"
    printf 'set_tests_properties(%s PROPERTIES LABELS "%s" TIMEOUT 120 ENVIRONMENT "ORRERY_TEST_DATA=data;ORRERY_SHARE_GPUS=1")\n' \
      "$name" "$labels"
  done >"$bundle/tests/CTestTestfile.cmake"
}

# What is the GPU host's own: what comes with its driver, launcher and torch, and what every Linux with Python has.
is_of_host() {
  case $1 in
    libtorch* | libc10* | libcuda* | libcublas* | libnccl* | libmpi* | libopen-rte* | libopen-pal*) ;;
    ld-linux* | libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | libstdc++* | libgcc_s* | libz.so*) ;;
    *) return 1 ;;
  esac
}

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# The libraries that a file needs and the host lacks, and theirs, into the bundle. Not ldd: it would list those of MPI as well.
copy_libraries() {
  local name path
  for name in $(needed "$1"); do
    if is_of_host "$name" || [ -e "$bundle/lib/$name" ]; then continue; fi
    path=$(ldconfig -p | awk -v name="$name" '$1 == name && /x86-64/ && !seen++ { print $NF }')
    [ -n "$path" ] || die "$1 needs $name, which is not in the loader's cache"
    cp -L "$path" "$bundle/lib/$name"
    copy_libraries "$path"
  done
}

# Where the program and the tests look for it. Debugging symbols aside it is whole: of 98 MB, 9 when packed.
copy_fa3() {
  if [ ! -e "$fa3/fa3_fwd/_C.abi3.so" ]; then
    say "FlashAttention-3 is not in $fa3 (tools/setup.sh): the bundle goes without, and computes attention by cuDNN"
    return
  fi
  cp -r "$fa3/fa3_fwd" "$bundle/lib/"
}

# $1: the torch that the program was built with; another one has other symbols, or, worse, the same with other layouts.
write_wrappers() {
  { printf '#!/bin/sh\nbuilt_with=%s\n' "$1"; cat <<'END'; } >"$bundle/bin/on-host"
# Runs a program of the bundle with the LibTorch and NVIDIA libraries of this host's Python: on-host PROGRAM ARGUMENTS…
#   PYTHON: the Python that has torch (default: python3)
folders=$("${PYTHON:-python3}" - "$built_with" <<'PYTHON_END'
import glob, importlib.metadata, importlib.util, os, sys

# Found rather than imported, which would take seconds in each rank.
torch = importlib.util.find_spec("torch")
if torch is None:
    sys.exit("orrery-gpu: this Python has no torch: set PYTHON to one that has torch " + sys.argv[1])
version = importlib.metadata.version("torch").split("+")[0]
if version != sys.argv[1]:
    sys.exit(f"orrery-gpu: this Python has torch {version}, the bundle needs {sys.argv[1]}: set PYTHON to one that has it")
folders = [os.path.join(os.path.dirname(torch.origin), "lib")]
nvidia = importlib.util.find_spec("nvidia")
for root in nvidia.submodule_search_locations if nvidia else []:
    folders += sorted(glob.glob(os.path.join(root, "*", "lib")))
print(":".join(folders))
PYTHON_END
) || exit 1
export LD_LIBRARY_PATH="$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$@"
END
  cat >"$bundle/bin/orrery-gpu" <<'END'
#!/bin/sh
# Takes orrery's arguments, and starts one rank: mpirun -n 2 orrery-gpu run …
bin=$(dirname "$(readlink -f "$0")")
exec "$bin/on-host" "$bin/orrery" "$@"
END
  chmod +x "$bundle/bin/on-host" "$bundle/bin/orrery-gpu"
}

# A wide dictionary: the tests have most of their code in common.
pack() {
  rm -rf "$bundle"
  mkdir -p "$bundle/bin" "$bundle/lib"
  strip -o "$bundle/bin/orrery" "$build/bin/orrery"
  copy_libraries "$bundle/bin/orrery"
  if [ $tests = ON ]; then add_tests; fi
  strip --strip-unneeded "$bundle"/lib/*
  copy_fa3
  write_wrappers "$(sed -n 's/.*kTorchVersion\[\] = "\([0-9.]*\).*/\1/p' "$build/src/app/generated/app/build_versions.h")"
  tar c -C "$build" --owner=0 --group=0 --sort=name orrery-bundle | xz --lzma2=preset=4,dict=192MiB >"$bundle.tar.xz.tmp"
  mv "$bundle.tar.xz.tmp" "$bundle.tar.xz"
  say "$(du -h "$bundle.tar.xz" | cut -f1) in $bundle.tar.xz, unpacked $(du -sh "$bundle" | cut -f1)"
}

install_ffmpeg
build_program
pack
