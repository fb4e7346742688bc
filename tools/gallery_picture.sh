#!/usr/bin/env bash
# Makes a picture of a run's gallery, like the one in the README, small enough for a repository. Replaces each video by its
# frame at 0.25 s, since chromium does not wait for videos.
#   tools/gallery_picture.sh OUT PICTURE.png [SEARCH]      SEARCH: the page's fragment, for example search=street
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/media"
for video in "$1"/media/*.mp4; do
  ffmpeg -loglevel error -ss 0.25 -i "$video" -frames:v 1 "$work/media/$(basename "$video").png" </dev/null
done
find "$1/media" "(" -name "*.png" -o -name "*.jpg" ")" -exec cp -t "$work/media" {} +
sed "s/video.dataset.file = clip.media;/video.poster = clip.media + '.png';/; s/near.observe(video);//
  s/media-src 'self' file:/img-src 'self' file:/" "$1/index.html" >"$work/index.html"

HOME=$work chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
  --blink-settings=preferredColorScheme=1 --window-size=1280,800 --virtual-time-budget=30000 \
  --screenshot="$work/page.png" "file://$work/index.html${3:+#$3}" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }

# Reduces the picture to a palette of its 128 best colours.
ffmpeg -loglevel error -y -i "$work/page.png" -filter_complex \
  "scale=960:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none" "$2"
stat --printf '%n: %s bytes\n' "$2"
