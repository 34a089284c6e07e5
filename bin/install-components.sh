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

# promtool checks our metrics. Debian's package brings it together with the server, which nobody here wants running.
promtool_component() {
  if command -v promtool >/dev/null; then
    say 'promtool is here'
    return
  fi
  say 'installing promtool by apt-get (package prometheus)'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus
  if [[ -d /run/systemd/system ]]; then
    systemctl disable --now --quiet prometheus
  else
    service prometheus stop >/dev/null 2>&1 || say 'the prometheus service was not running'
  fi
}

promtool_component
