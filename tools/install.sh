#!/usr/bin/env bash
# Installs orrery for a site in the folder PREFIX: program, job files, sbatch scripts, man pages, bash completion and module
# files. Writes nothing elsewhere and does not need root.
#   ./install.sh PREFIX              from an unpacked archive of tools/bundle.sh
#   tools/install.sh PREFIX          from a clone with a finished build/ (cmake --install installs only the program)
#   PREFIX/share/orrery/uninstall    removes it again
# Then: module use PREFIX/share/modulefiles, or put PREFIX/bin on PATH.
set -euo pipefail

die() { printf 'install: %s\n' "$*" >&2; exit 2; }

if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" || die "$1 cannot be made"
prefix=$(cd "$1" && pwd)
list=$prefix/share/orrery/installed-files
[ ! -e "$list" ] || die "$prefix has an orrery already: remove it with $prefix/share/orrery/uninstall, or take another folder"
[ -w "$prefix" ] || die "$prefix cannot be written"

# Collects all files here first, to list what is installed.
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT

if [ -x "$here/libexec/orrery" ]; then
  cp -r "$here/bin" "$here/lib" "$here/libexec" "$here/share" "$staged/"
  program=$here/bin/orrery
elif [ -x "$here/../build/bin/orrery" ]; then
  cmake --install "$here/../build" --prefix "$staged" >/dev/null
  program=$here/../build/bin/orrery
else
  die "neither $here/libexec/orrery nor $here/../build/bin/orrery is there: run this in an unpacked archive, or build first"
fi

version=$("$program" --version | sed -n '1s/^orrery *\([^ ]*\).*/\1/p')
[ -n "$version" ] || die "$program does not start: its reason is above"

# --- made from the program --------------------------------------------------------------------------------------------

# man_page NAME COMMAND…: prints the man page NAME with the output of COMMAND, line by line.
man_page() {
  local name=$1
  shift
  printf '.TH %s 1 "" "orrery %s"\n.nh\n.nf\n' "${name^^}" "$version"
  "$@" | sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/"
}

mkdir -p "$staged/share/man/man1" "$staged/share/bash-completion/completions"
man_page orrery "$program" help >"$staged/share/man/man1/orrery.1"
"$program" help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p' | while read -r command; do
  man_page "orrery-$command" "$program" help "$command" >"$staged/share/man/man1/orrery-$command.1"
done
"$program" completion bash >"$staged/share/bash-completion/completions/orrery"

# --- module files -----------------------------------------------------------------------------------------------------

mkdir -p "$staged/share/modulefiles/orrery"
cat >"$staged/share/modulefiles/orrery/$version.lua" <<END
help([[Orrery $version: manifests of prompts to videos with Cosmos3 checkpoints. orrery help; man orrery]])
whatis("Orrery $version")
prepend_path("PATH", "$prefix/bin")
prepend_path("MANPATH", "$prefix/share/man")
setenv("ORRERY_HOME", "$prefix/share/orrery")
END
cat >"$staged/share/modulefiles/orrery/$version" <<END
#%Module1.0
proc ModulesHelp { } { puts stderr "Orrery $version: manifests of prompts to videos with Cosmos3 checkpoints. orrery help; man orrery" }
module-whatis "Orrery $version"
prepend-path PATH {$prefix/bin}
prepend-path MANPATH {$prefix/share/man}
setenv ORRERY_HOME {$prefix/share/orrery}
END

cat >"$staged/share/orrery/uninstall" <<'END'
#!/bin/sh
# Removes the files that install.sh put here, and folders that are empty afterwards.
set -e
cd "$(dirname "$(readlink -f "$0")")/../.."
while read -r file; do rm -f "./$file"; done <share/orrery/installed-files
rm -f share/orrery/installed-files
find . -depth -mindepth 1 -type d -empty -delete
END
chmod +x "$staged/share/orrery/uninstall"

(cd "$staged" && find . ! -type d | sort) >"$staged.list"
mkdir -p "$prefix/share/orrery"
mv "$staged.list" "$list"
cp -r "$staged/." "$prefix/"
echo "orrery $version is in $prefix: module use $prefix/share/modulefiles && module load orrery, or put $prefix/bin on PATH"
