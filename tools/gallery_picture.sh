#!/usr/bin/env bash
# A picture of a run's gallery, as the README shows it: small enough for a repository.
#   tools/gallery_picture.sh OUT PICTURE.png [SEARCH]      SEARCH: as behind the page's #, for example search=street
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 2; }
page=file://$(realpath "$1")/index.html${3:+#$3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

take() {
  HOME=$work chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --blink-settings=preferredColorScheme=1 --window-size=1280,800 --virtual-time-budget=30000 \
    --run-all-compositor-stages-before-draw --screenshot="$1" "$page" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
}

# chromium does not wait for the videos' first frames: the largest of some pictures has most of them.
for try in 1 2 3 4 5; do take "$work/$try.png"; done
largest=$(find "$work" -maxdepth 1 -name '*.png' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)

# 128 colours of the picture's own.
ffmpeg -loglevel error -y -i "$largest" -filter_complex \
  "scale=960:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none" "$2"
stat --printf '%n: %s bytes\n' "$2"
