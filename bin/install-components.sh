#!/usr/bin/env bash
# Installs the servers that the full test suite runs against (ARGOSY_TEST_REQUIRE=all) on a Debian machine, as root.
# What is there already is left alone, so it may be run any number of times. Go takes the modules from wherever the
# machine's own settings (GOPROXY) say.
set -euo pipefail

say() { printf 'install-components: %s\n' "$*"; }

# Debian's Go may be older than a module asks for; with "auto" it fetches the toolchain it needs.
ensure_go() {
  if [[ -x /usr/local/go/bin/go ]]; then PATH="/usr/local/go/bin:$PATH"; fi
  if command -v go >/dev/null; then
    say "go is here: $(go version)"
    return
  fi
  say 'installing go by apt-get'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go ca-certificates
  export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"
}

# have NAME VARIABLE: the program is where the tests look for it (test/support/require-component.ts).
have() {
  local name=$1 named=${!2:-}
  if [[ -n $named ]]; then
    [[ -x $named ]] && return
    say "$2 names $named, which cannot be run"
    exit 1
  fi
  command -v "$name" >/dev/null || [[ -x $HOME/go/bin/$name ]]
}

# go_component NAME VARIABLE MODULE
go_component() {
  if have "$1" "$2"; then
    say "$1 is here"
    return
  fi
  ensure_go
  say "building $1 from source: go install $3@latest"
  GOBIN=$HOME/go/bin go install "$3@latest"
  say "$1 is in $HOME/go/bin"
}

go_component versitygw VERSITYGW_BIN github.com/versity/versitygw/cmd/versitygw
# The community server is source only; this takes about 3 minutes on two cores.
go_component minio MINIO_BIN github.com/minio/minio
# Renders and checks helm/argosy.
go_component helm HELM_BIN helm.sh/helm/v3/cmd/helm

# quiet_service PROGRAM PACKAGE: a Debian package whose program the tests start themselves; nobody here wants its service.
quiet_service() {
  if command -v "$1" >/dev/null; then
    say "$1 is here"
    return
  fi
  say "installing $1 by apt-get (package $2)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"
  if [[ -d /run/systemd/system ]]; then
    systemctl disable --now --quiet "$2"
  else
    service "$2" stop >/dev/null 2>&1 || say "the $2 service was not running"
  fi
}

# The tests push real metrics and ask every query of the dashboards; promtool checks metrics and alert rules.
quiet_service promtool prometheus
quiet_service prometheus-pushgateway prometheus-pushgateway

# The image is built on a base that debootstrap makes, and its containers are run by runc: no image registry is asked.
image_components() {
  if command -v buildah >/dev/null && command -v debootstrap >/dev/null && command -v runc >/dev/null; then
    say 'buildah, debootstrap and runc are here'
    return
  fi
  say 'installing buildah, debootstrap and runc by apt-get'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah debootstrap runc
}

image_components

# What Docker Compose reads its files with; the program is called "cmd" in its module.
compose_component() {
  if have compose-spec COMPOSE_SPEC_BIN; then
    say 'compose-spec is here'
    return
  fi
  ensure_go
  local folder module=github.com/compose-spec/compose-go/v2/cmd
  folder=$(mktemp -d)
  say "building compose-spec from source: go install $module@latest"
  GOBIN=$folder go install "$module@latest"
  install -D "$folder/cmd" "$HOME/go/bin/compose-spec"
  rm -r "$folder"
}

compose_component
