#!/bin/sh
# Installs Chromium and Japanese fonts for the browser tests, if they are missing (Debian/Ubuntu).
set -eu
need=""
command -v chromium >/dev/null 2>&1 || need="chromium"
fc-list 2>/dev/null | grep -q "Noto Sans CJK JP" || need="$need fonts-noto-cjk"
[ -n "$need" ] || exit 0
echo "── 画面の試験に要るもの（$need）を入れます"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || { echo "管理者として次を実行してください: apt-get install -y $need" >&2; exit 1; }
  sudo="sudo"
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086 -- a list of package names
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $need fontconfig
