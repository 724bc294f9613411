#!/usr/bin/env bash
# The README's two commands on a Debian that has python3, python3-venv, make and git, and nothing
# else: once as a user who may not install packages (`make test` has to name what is missing, in one
# sentence), once as root. Needs root and debootstrap; about 3 GB. Not part of `make test`.
#
#   bash tests/bare.sh                 # in a folder of its own, removed at the end
#   BARE=/some/folder KEEP=1 SUITE=trixie bash tests/bare.sh
#   TEST="make browser" bash tests/bare.sh      # another command than `make test`, for a short look
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=${BARE:-$(mktemp -d)}
suite=${SUITE:-bookworm}
command -v debootstrap >/dev/null || { echo "bare: debootstrap is needed (apt-get install debootstrap)"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "bare: has to run as root"; exit 2; }

finish() {
  for place in proc dev; do mountpoint -q "$root/$place" && umount -l "$root/$place"; done
  [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$root"
}
trap finish EXIT

if [ ! -x "$root/usr/bin/python3" ]; then
  debootstrap --variant=minbase --include=python3,python3-venv,make,git,ca-certificates "$suite" "$root" ${MIRROR:-}
fi
cp /etc/resolv.conf "$root/etc/"
# What this machine needs to reach its registries, the bare one needs too.
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
[ -d /usr/local/share/ca-certificates ] && cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
for file in /etc/pip.conf "$HOME/.config/pip/pip.conf"; do if [ -e "$file" ]; then cat "$file" >> "$root/etc/pip.conf"; fi; done
for place in proc dev; do mkdir -p "$root/$place"; mountpoint -q "$root/$place" || mount --rbind "/$place" "$root/$place"; done
[ -n "${PIP_FIND_LINKS:-}" ] && [ -d "$PIP_FIND_LINKS" ] && mkdir -p "$root$PIP_FIND_LINKS" && cp -n "$PIP_FIND_LINKS"/* "$root$PIP_FIND_LINKS/"

inside() {  # as whom, command
  local keep="PIP_FIND_LINKS PIP_CERT SSL_CERT_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY PIP_INDEX_URL"
  local given=()
  for name in $keep; do [ -n "${!name:-}" ] && given+=("$name=${!name}"); done
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$([ "$1" = root ] && echo /root || echo /home/reader)" \
    LANG=C.UTF-8 "${given[@]}" su "$1" -s /bin/bash -c "cd /book-$1 && $2"
}

chroot "$root" id reader >/dev/null 2>&1 || chroot "$root" useradd --create-home reader
for who in reader root; do
  rm -rf "${root:?}/book-$who"
  git clone -q "$here" "$root/book-$who"
  chown -R --from=0 "$(chroot "$root" id -u "$who")" "$root/book-$who"
done

echo "== a user who may not install packages: make book"
inside reader "make book PIP_ARGS='${PIP_ARGS:-}'"
echo "== the same user: make browser has to name the packages in one sentence"
said=$(inside reader "make browser" 2>&1 || true)
echo "$said" | grep -q "The browser tests need chromium and libatomic1" || { echo "$said"; echo "bare: the sentence is missing"; exit 1; }
! echo "$said" | grep -q Traceback || { echo "$said"; exit 1; }
echo "== root: make book, ${TEST:-make test}"
inside root "make book PIP_ARGS='${PIP_ARGS:-}'"
inside root "${TEST:-make test}"
echo "== bare: both commands work"
