#!/usr/bin/env bash
# Installs the servers that the full test suite runs against (ARGOSY_TEST_REQUIRE=all) on a Debian machine, as root.
# What is there already is left alone, so it may be run any number of times. Go takes the modules from wherever the
# machine's own settings (GOPROXY) say.
set -euo pipefail

say() { printf 'install-components: %s\n' "$*"; }

# From this version on Go fetches the toolchain that a module asks for (GOTOOLCHAIN).
GO_MINOR_LEAST=21

# is_new VERSION: a version such as "go1.26.8" or Debian's "2:1.19~1" is new enough.
is_new() { [[ $1 =~ 1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= GO_MINOR_LEAST)); }

# refuse_go WHAT
refuse_go() {
  say "$1, and the components need Go 1.$GO_MINOR_LEAST or newer, which fetches the toolchain that they ask for"
  say 'unpack a Go of https://go.dev/dl into /usr/local/go, then run this again'
  exit 1
}

ensure_go() {
  local folder=${GOROOT:-/usr/local/go}/bin candidate='none'
  if [[ -x $folder/go ]]; then PATH="$folder:$PATH"; fi
  # Distributions may have set it to "local".
  export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"
  if command -v go >/dev/null; then
    is_new "$(go version)" || refuse_go "go is here, but too old ($(go version))"
    say "go is here: $(go version)"
    return
  fi
  apt-get update -qq
  if [[ $(apt-cache policy golang-go) =~ Candidate:\ ([^[:space:]]+) ]]; then candidate=${BASH_REMATCH[1]}; fi
  is_new "$candidate" || refuse_go "go is not here, and apt-get has golang-go $candidate"
  say 'installing go by apt-get'
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go ca-certificates
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

# go_component NAME VARIABLE MODULE@VERSION
go_component() {
  if have "$1" "$2"; then
    say "$1 is here"
    return
  fi
  ensure_go
  say "building $1 from source: go install $3"
  GOBIN=$HOME/go/bin go install "$3"
  say "$1 is in $HOME/go/bin"
}

go_component versitygw VERSITYGW_BIN github.com/versity/versitygw/cmd/versitygw@v1.8.0
# The community server is source only, and its releases are no versions to Go; this takes about 3 minutes on two cores.
go_component minio MINIO_BIN github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
# Renders and checks helm/argosy.
go_component helm HELM_BIN helm.sh/helm/v3/cmd/helm@v3.22.0

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

# Debian keeps the programs of a PostgreSQL server off PATH, and may have the client without it.
if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb POSTGRES_BIN; then
  say 'PostgreSQL is here'
else
  quiet_service initdb postgresql
fi

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

# What the tests look at pages with; text is drawn with the one font that is asked for here.
browser_component() {
  if have chromium CHROMIUM_BIN; then
    say 'chromium is here'
    return
  fi
  say 'installing chromium by apt-get'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
}

browser_component

# What Docker Compose reads its files with; the program is called "cmd" in its module.
compose_component() {
  if have compose-spec COMPOSE_SPEC_BIN; then
    say 'compose-spec is here'
    return
  fi
  ensure_go
  local folder module=github.com/compose-spec/compose-go/v2/cmd@v2.16.2
  folder=$(mktemp -d)
  say "building compose-spec from source: go install $module"
  GOBIN=$folder go install "$module"
  install -D "$folder/cmd" "$HOME/go/bin/compose-spec"
  rm -r "$folder"
}

compose_component

# From this version on Java runs the Trino below; Debian 12 has none so new.
JAVA_LEAST=24

# new_java: there is one where the tests look for it (test/support/trino-server.ts).
new_java() {
  local folder
  for folder in "${JAVA_HOME:-/none}" /usr/lib/jvm/*; do
    [[ -x $folder/bin/java && -r $folder/release ]] || continue
    [[ $(<"$folder/release") =~ JAVA_VERSION=\"([0-9]+) ]] || continue
    ((BASH_REMATCH[1] >= JAVA_LEAST)) && return 0
  done
  return 1
}

# Trino answers the SQL that is for Athena. It comes by Maven, 800 MB, and is not put on PATH.
trino_component() {
  local version=476 home=$HOME/.cache/argosy folder
  if ! new_java; then
    say "Trino needs a Java $JAVA_LEAST or newer, and neither JAVA_HOME nor /usr/lib/jvm has one"
    say 'unpack a JDK of https://adoptium.net into /usr/lib/jvm or set JAVA_HOME, then run this again'
    exit 1
  fi
  if [[ -n ${TRINO_BIN:-} ]]; then
    have trino TRINO_BIN
    say "trino is here: $TRINO_BIN"
    return
  fi
  if [[ -x $home/trino-server-$version/bin/launcher ]]; then
    say 'trino is here'
    return
  fi
  if ! command -v mvn >/dev/null; then
    say 'installing maven by apt-get'
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends maven
  fi
  mkdir -p "$home"
  folder=$(mktemp -d -p "$home")
  say "getting trino $version by mvn"
  mvn -q -B dependency:copy "-Dartifact=io.trino:trino-server:$version:tar.gz" "-DoutputDirectory=$folder"
  tar -xzf "$folder/trino-server-$version.tar.gz" -C "$folder"
  # Whole or not there: what was interrupted is not taken for the server.
  mv "$folder/trino-server-$version" "$home/"
  rm -r "$folder"
  say "trino is in $home/trino-server-$version"
}

trino_component
