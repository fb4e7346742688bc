#!/usr/bin/env bash
# Packs the program into archives that run without installation on any x86-64 Linux with glibc 2.28 or later. They use the
# host's Open MPI (4.1 or 5), NVIDIA driver and LibTorch, and bring C and C++ libraries for hosts where these are older. Run it
# on Debian 12 after tools/setup.sh, with the CUDA toolkit on PATH.
#   tools/bundle.sh                    makes build-bundle/orrery-VERSION-linux-x86_64.tar.xz
#   tools/bundle.sh --with-libtorch    …-libtorch.tar.gz: adds LibTorch and NVIDIA's libraries, for hosts without network
#   tools/bundle.sh --with-mpi         …-mpi.tar.xz: adds Open MPI, for single nodes without one; may be combined
#   tools/bundle.sh --tests            adds the tests that need GPUs, for tools/gpu_check.sh, which has their data
#   on the host:  tar xf orrery-*.tar.xz && mpirun -n 2 orrery-*/bin/orrery run --cfg 2 …
# tools/install.sh, which is also in the archive, installs it for a site. The scripts in tools/bundle/ run on the host.
# Debian's FFmpeg needs 130 libraries, so a minimal one with what src/io/media uses is built once for all clones.
#   ORRERY_CACHE   folder for that FFmpeg, with LibTorch and FlashAttention-3's kernel (default: ~/.cache/orrery)
#   JOBS           number of parallel compilers (default: all cores)
set -euo pipefail
cd "$(dirname "$0")/.."

build=$PWD/build-bundle
version=$(sed -n 's/^project(orrery VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=orrery-$version-linux-x86_64
bundle=$build/$name
cache=${ORRERY_CACHE:-$HOME/.cache/orrery}
ffmpeg=$cache/ffmpeg-minimal
fa3=$cache/fa3_fwd-0.0.3
jobs=${JOBS:-$(nproc)}
tests=OFF with_libtorch="" with_mpi=""
for option; do
  case $option in
    --tests) tests=ON ;;
    --with-libtorch) with_libtorch=yes ;;
    --with-mpi) with_mpi=yes ;;
    *) printf 'bundle: unknown option %s; there are --with-libtorch, --with-mpi and --tests\n' "$option" >&2; exit 2 ;;
  esac
done

# The formats of images and videos that users may give, and of the program's output. FFmpeg adds their dependencies.
decoders=apng,aac,bmp,gif,h264,hevc,mjpeg,mpeg4,pam,pbm,pcm_f32le,pcm_s16le,pgm,png,ppm,rawvideo,targa,tiff,vp8,vp9,webp
demuxers=apng,avi,gif,h264,hevc,image2,image_bmp_pipe,image_gif_pipe,image_jpeg_pipe,image_pam_pipe,image_pbm_pipe
demuxers+=,image_pgm_pipe,image_png_pipe,image_ppm_pipe,image_tiff_pipe,image_webp_pipe,matroska,mjpeg,mov,wav
# shellcheck disable=SC2054  # FFmpeg's lists have commas
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

# quietly LOG COMMAND…: runs a command with its output in a file, and shows the output's end only when it fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { tail -40 "$log" >&2; die "failed: $* (whole output: $log)"; }
}

# Downloads into the current folder: FFmpeg's source package, with separate apt lists, since most machines have only lists of
# binary packages; and x264 and the assembler, which are unpacked but not installed, so that root is not needed.
fetch_sources() {
  local private=$PWD/apt
  mkdir -p "$private/lists/partial" "$private/archives/partial"
  # shellcheck disable=SC2016  # apt expands these variables
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

# Installs x264 beside the FFmpeg as a static library only, since a shared one would be linked instead.
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

# Builds FFmpeg unless its recipe has the same options. The recipe is written last, so an interrupted build is repeated.
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

# Links HDF5 statically, since Debian's shared library needs libcurl and its 30 dependencies; the parts that the program uses
# do not. CMake omits a dependency of the static library: szip, which libaec provides.
# Sets DT_RPATH, which also applies to the dependencies of the copied libraries; DT_RUNPATH does not.
build_program() {
  say "program: building in $build"
  export PKG_CONFIG_PATH=$ffmpeg/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  mkdir -p "$build"
  # shellcheck disable=SC2016  # the loader expands this variable
  quietly "$build/configure.log" cmake -G Ninja -S . -B "$build" -DORRERY_CUDA=ON -DORRERY_WERROR=ON -DORRERY_TESTS=$tests \
    -DHDF5_USE_STATIC_LIBRARIES=ON -DCMAKE_CXX_STANDARD_LIBRARIES="-l:libsz.a -l:libaec.a" \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
  local targets=(orrery)
  if [ $tests = ON ]; then mapfile -t -O 1 targets < <(test_programs); fi
  # The build runs programs that have the bundle's rpath, where LibTorch is missing.
  local torch
  torch=$(sed -n 's/^TORCH_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")
  LD_LIBRARY_PATH=$torch/../lib quietly "$build/build.log" cmake --build "$build" -j "$jobs" --target "${targets[@]}"
}

# Prints a line for each test that needs GPUs: program, ranks (0: started without a launcher), labels.
gpu_tests() {
  ctest --test-dir "$build" -L gpu --show-only=json-v1 | python3 -c '
import json, sys
for test in json.load(sys.stdin)["tests"]:
    program, _, ranks = test["name"].partition(".np")
    labels = next(p["value"] for p in test["properties"] if p["name"] == "LABELS")
    print(program, ranks or 0, ";".join(labels), sep="\t")'
}

# Prints the programs of these tests, and the one that makes their data.
test_programs() {
  gpu_tests | cut -f1 | sort -u
  echo make_golden_weights
}

# Makes a folder for ctest --test-dir on the GPU host, where mpirun on PATH is the launcher. Tests start in that folder. The
# archive does not have their data, which would make it half as large again: tools/gpu_check.sh takes them from its clone.
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
    printf 'add_test(%s %ssh ../libexec/run-test ./%s)\n' "$name" "$launcher" "$program"
    printf 'set_tests_properties(%s PROPERTIES LABELS "%s" TIMEOUT 120 ENVIRONMENT "ORRERY_TEST_DATA=data;ORRERY_SHARE_GPUS=1")\n' \
      "$name" "$labels"
  done >"$bundle/tests/CTestTestfile.cmake"
}

# True for libraries that the host must have (driver, MPI, LibTorch), and for the C and C++ libraries, which copy_runtime copies.
is_left_out() {
  case $1 in
    libtorch* | libc10* | libcuda* | libcublas* | libnccl* | libmpi* | libopen-rte* | libopen-pal*) ;;
    ld-linux* | libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | libstdc++* | libgcc_s*) ;;
    *) return 1 ;;
  esac
}

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# Prints the path of a library on this machine.
library() {
  local path
  path=$(ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ && !seen++ { print $NF }')
  [ -n "$path" ] || die "$1 is not in the loader's cache"
  readlink -f "$path"
}

# Copies the libraries that a file needs, recursively, except those of is_left_out. ldd would also list MPI's dependencies.
copy_libraries() {
  local file=$1 folder=${2:-$bundle/lib} name path
  for name in $(needed "$file"); do
    if is_left_out "$name" || [ -e "$folder/$name" ]; then continue; fi
    path=$(library "$name")
    cp "$path" "$folder/$name"
    copy_libraries "$path" "$folder"
  done
}

# Keeps only the ICU data that src/io/text uses, character properties and normal forms; 31 MB are for languages and encodings.
# The library holds a single data object, which ICU's own tool can edit.
trim_icu_data() {
  local file data work symbol offset size
  file=$(echo "$bundle"/lib/libicudata.so.*)
  read -r symbol offset size < <(readelf -W --dyn-syms "$file" | awk '$8 ~ /^icudt/ { print $8, $2, $3; exit }')
  [ -n "$symbol" ] || die "$file has no icudt…_dat"
  data=${symbol%_dat}l.dat # l: little-endian
  work=$(mktemp -d)
  dd if="$file" of="$work/$data" bs=1M iflag=skip_bytes,count_bytes skip="$((0x$offset))" count="$((size))" status=none
  icupkg -l "$work/$data" | { grep -vE '\.(icu|nrm)$' || true; } >"$work/unused.txt"
  icupkg -r "$work/unused.txt" "$work/$data"
  gcc -shared -nostdlib "-Wl,-soname,${file##*/}" -x assembler -o "$file" - <<END
.section .rodata
.balign 16
.globl $symbol
.type $symbol, @object
$symbol: .incbin "$work/$data"
.size $symbol, . - $symbol
.section .note.GNU-stack, "", @progbits
END
  rm -r "$work"
}

# Copies the loader with the C library, and the C++ library. Each is used only on hosts that have an older one.
copy_runtime() {
  local name
  mkdir -p "$bundle/lib/glibc" "$bundle/lib/gcc"
  cp "$(readlink -f /lib64/ld-linux-x86-64.so.2)" "$bundle/lib/glibc/ld-linux-x86-64.so.2"
  for name in libc.so.6 libm.so.6 libmvec.so.1 libdl.so.2 libpthread.so.0 librt.so.1 libutil.so.1 libresolv.so.2; do
    cp "$(library "$name")" "$bundle/lib/glibc/$name"
  done
  for name in libstdc++.so.6 libgcc_s.so.1; do cp "$(library "$name")" "$bundle/lib/gcc/$name"; done
}

# Copies the libraries of LibTorch and NVIDIA that the program needs, to the same relative paths as in the wheels.
copy_libtorch() {
  local site path left
  site=$(readlink -f "$(sed -n 's/^TORCH_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")/../..")
  [ -d "$site/nvidia" ] || die "$site has no nvidia/ beside torch/: --with-libtorch takes the wheels that tools/setup.sh installs"
  mkdir -p "$bundle/lib/torch/lib"
  cp "$site/torch/version.py" "$bundle/lib/torch/"
  copy_wheel_libraries "$site" "$build/bin/orrery"
  # These are opened with dlopen: LibTorch's GPU kernels by the program, most others by cuDNN.
  for path in "$site"/torch/lib/lib{torch_cuda,caffe2_nvrtc}.so "$site"/nvidia/cudnn/lib/*.so* \
    "$site"/nvidia/*/lib/libnvrtc{,-builtins}.so*; do
    copy_wheel_library "$site" "$path"
  done
  left=$(comm -23 <(cd "$site" && find torch/lib nvidia -name '*.so*' | sort) <(cd "$bundle/lib" && find torch nvidia -name '*.so*' | sort))
  say "LibTorch and NVIDIA: $(du -shc "$bundle/lib/torch" "$bundle/lib/nvidia" | tail -1 | cut -f1); left out: $(tr '\n' ' ' <<<"$left")"
}

copy_wheel_library() {
  local to=$bundle/lib/${2#"$1/"}
  [ ! -e "$to" ] || return 0
  mkdir -p "$(dirname "$to")"
  cp "$2" "$to"
  copy_wheel_libraries "$1" "$2"
}

copy_wheel_libraries() {
  local name path
  for name in $(needed "$2"); do
    path=$(find "$1/torch/lib" "$1/nvidia" -name "$name" -print -quit)
    if [ -n "$path" ]; then copy_wheel_library "$1" "$path"; fi
  done
}

# Copies Debian's Open MPI with its plugins and launcher. OPAL_PREFIX makes them find their files in the archive.
copy_mpi() {
  local prefix=$bundle/lib/openmpi plugins file
  plugins=$(ompi_info --parsable --path pkglibdir | sed 's/^path:pkglibdir:\/usr\///')
  mkdir -p "$prefix/bin" "$prefix/$plugins" "$prefix/share"
  cp "$(readlink -f "$(command -v mpirun)")" "$prefix/bin/orterun"
  for file in libmpi.so.40 libopen-rte.so.40 libopen-pal.so.40; do cp "$(library "$file")" "$prefix/lib/$file"; done
  for file in "/usr/$plugins"/mca_*.so; do
    case $file in
      *_ucx* | *_ofi* | *_openib* | *_psm* | *_usnic* | *_cuda* | *_portals4* | *_monitoring*) ;; # for networks between nodes
      *) cp "$file" "$prefix/$plugins/" ;;
    esac
  done
  cp -rL /usr/share/openmpi "$prefix/share/openmpi"
  for file in "$prefix"/bin/* "$prefix"/lib/*.so.40 "$prefix/$plugins"/*.so; do copy_libraries "$file" "$prefix/lib"; done
  cp tools/bundle/mpirun "$bundle/bin/"
}

# Copies FlashAttention-3's kernel to where the program and the tests look for it (98 MB, 9 MB packed).
copy_fa3() {
  if [ ! -e "$fa3/fa3_fwd/_C.abi3.so" ]; then
    say "FlashAttention-3 is not in $fa3 (tools/setup.sh): the bundle goes without, and computes attention by cuDNN"
    return
  fi
  cp -r "$fa3/fa3_fwd" "$bundle/lib/"
}

# Prints the versions that tools/bundle/host.sh compares with the host's.
write_versions() {
  local stdcxx
  stdcxx=$(library libstdc++.so.6)
  cat <<END
torch=$(sed -n 's/.*kTorchVersion\[\] = "\([0-9.]*\).*/\1/p' "$build/src/app/cli/generated/app/cli/build_versions.h")
glibc=$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)
stdcxx=${stdcxx##*libstdc++.so.}
END
}

# Copies job files, sbatch scripts and manifests. tools/install.sh makes man pages and completion on the host.
copy_shared_files() {
  mkdir -p "$bundle/share/orrery"
  cp -r jobs slurm inputs "$bundle/share/orrery/"
  if [ $tests = ON ]; then rm -r "$bundle/share/orrery/inputs/mini"; fi # tools/gpu_check.sh has it in its clone
  cp tools/install.sh "$bundle/"
  cp README.md "$bundle/share/orrery/"
}

# Compresses with a large dictionary, since the tests share most of their code, and LibTorch's gigabytes only lightly.
pack() {
  local archive
  rm -rf "$bundle"
  mkdir -p "$bundle/bin" "$bundle/lib" "$bundle/libexec"
  strip -o "$bundle/libexec/orrery" "$build/bin/orrery"
  copy_libraries "$bundle/libexec/orrery"
  copy_runtime
  if [ $tests = ON ]; then add_tests; fi
  trim_icu_data
  strip --strip-unneeded "$bundle"/lib/*.so*
  copy_fa3
  cp tools/bundle/orrery "$bundle/bin/"
  cp tools/bundle/host.sh tools/bundle/run-test "$bundle/libexec/"
  write_versions >"$bundle/libexec/built-with"
  copy_shared_files
  if [ -n "$with_mpi" ]; then copy_mpi; fi
  if [ -n "$with_libtorch" ]; then
    copy_libtorch
    archive=$bundle${with_mpi:+-mpi}-libtorch.tar.gz
    tar c -C "$build" --owner=0 --group=0 --sort=name "$name" | gzip -1 >"$archive.tmp"
  else
    archive=$bundle${with_mpi:+-mpi}.tar.xz
    tar c -C "$build" --owner=0 --group=0 --sort=name "$name" | xz --lzma2=preset=4,dict=192MiB >"$archive.tmp"
  fi
  mv "$archive.tmp" "$archive"
  say "$(du -h "$archive" | cut -f1) in $archive, unpacked $(du -sh "$bundle" | cut -f1)"
}

install_ffmpeg
build_program
pack
