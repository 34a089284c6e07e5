#!/usr/bin/env bash
# Makes a base for the Dockerfile on a Debian machine that reaches no image registry, as root: Debian by debootstrap, with
# this machine's Node, npm and certificates. Needs debootstrap and buildah.
#
#   bin/image-base.sh [TAG]            TAG is localhost/argosy-base by default
#   buildah bud --isolation chroot --pull-never --build-arg NODE_IMAGE=TAG -t argosy .
set -euo pipefail

tag=${1:-localhost/argosy-base}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
# The mirror that this machine installs from.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
  awk -v wanted="$codename" '$2 == wanted && $3 == "main" { print $1; exit }')

if ! debootstrap --variant=minbase "$codename" "$root" "${mirror:-http://deb.debian.org/debian}" >"$folder/log" 2>&1; then
  tail -n 20 "$folder/log" >&2
  exit 1
fi
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
install -D "$(readlink -f "$(command -v node)")" "$root/usr/bin/node"
mkdir -p "$root/usr/lib/node_modules" "$root/usr/etc" "$root/etc/ssl/certs"
cp -a "$npm" "$root/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"

certificates=/etc/ssl/certs/ca-certificates.crt
cp -L "${NODE_EXTRA_CA_CERTS:-$certificates}" "$root$certificates"
printf 'registry=%s\ncafile=%s\n' "$(npm config get registry 2>/dev/null)" "$certificates" >"$root/usr/etc/npmrc"

tar -C "$root" -cf "$folder/root.tar" .
container=$(buildah from scratch)
trap 'buildah rm "$container" >/dev/null; rm -rf "$folder"' EXIT
buildah add -q "$container" "$folder/root.tar" / >/dev/null
buildah config --env PATH=/usr/local/bin:/usr/bin:/bin --env NODE_EXTRA_CA_CERTS="$certificates" "$container"
buildah commit -q "$container" "$tag" >/dev/null
