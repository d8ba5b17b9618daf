#!/usr/bin/env bash
# Builds programs that tests use from their Go modules, as the machine's Go gets them: by its proxy, checked against the
# checksum database.
#
#   build-with-go.sh DIRECTORY PROGRAM...
#   build-with-go.sh ~/.cache/headwind-k8s helm kube-apiserver-1.33 kubectl-1.33
#
# Programs that are there are not built again. A run that was broken off goes on where it stopped; a run that succeeds
# removes everything but the programs. Go 1.24 or newer is used if the machine has it; an older one fetches it, as a
# module, for this build alone; where there is none, Debian's own is installed first, which needs root.
set -euo pipefail

readonly HELM='3.17.3'
readonly KUBERNETES='1.33.13'
# What Kubernetes 1.33 demands.
readonly GO_MINOR=24
readonly GO_TO_FETCH='1.24.13'
readonly NEEDED_MB=5000

say() { printf 'go: %s\n' "$*"; }
die() { printf 'go: %s\n' "$*" >&2; exit 1; }

[ $# -ge 2 ] || die 'usage: build-with-go.sh DIRECTORY PROGRAM...'
mkdir -p "$1"
destination=$(cd "$1" && pwd)
shift
readonly destination

wanted=()
for program in "$@"; do
  case $program in
    helm | kube-apiserver-1.33 | kubectl-1.33) ;;
    *) die "$program is not one of helm, kube-apiserver-1.33, kubectl-1.33" ;;
  esac
  [ -x "$destination/$program" ] || wanted+=("$program")
done
if [ ${#wanted[@]} -eq 0 ]; then
  say "nothing to do: $* are in $destination"
  exit 0
fi

# One build at a time: whoever comes second waits, and then finds the programs there.
exec 9>"$destination/.go.lock"
flock --nonblock 9 || { say 'another build is running; waiting for it'; flock 9; exec "$0" "$destination" "$@"; }

readonly work=$destination/.go-build
mkdir -p "$work/bin"
free_mb=$(df --output=avail -BM "$work" | tail -n 1 | tr -dc '0-9')
[ "$free_mb" -ge "$NEEDED_MB" ] || die "needs $NEEDED_MB MB in $work, and $free_mb MB are free"

# Everything that Go keeps lies in the work directory. Which proxy and checksum database it asks is the machine's matter.
export GOPATH=$work/path GOMODCACHE=$work/modules GOCACHE=$work/cache GOBIN=$work/bin GOFLAGS=-modcacherw GOWORK=off

# The y of `go1.y.z`, 0 where the program does not answer.
minor_of() {
  local version
  version=$(GOTOOLCHAIN=local "$1" version 2>/dev/null || true)
  sed -nE 's/^go version go1\.([0-9]+).*/\1/p' <<<"$version" | grep . || echo 0
}

# The newest Go of this machine in `go` and its version in `minor`; empty and 0 where there is none.
look_for_go() {
  local candidate found
  go='' minor=0
  for candidate in $(type -aP go || true) /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
    [ -x "$candidate" ] || continue
    found=$(minor_of "$candidate")
    if [ "$found" -gt "$minor" ]; then go=$candidate minor=$found; fi
  done
}

# 1. A compiler that is new enough.
look_for_go
if [ -z "$go" ]; then
  command -v apt-get >/dev/null || die 'Go is missing: https://go.dev/doc/install'
  [ "$(id -u)" -eq 0 ] || die 'Go is missing; as root: apt-get install golang-go'
  say "1/4 installs Debian's golang-go"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; die 'apt-get update failed'; }
  apt-get install -y -qq --no-install-recommends golang-go >>"$work/apt.log" 2>&1 ||
    { tail -n 20 "$work/apt.log" >&2; die 'apt-get could not install golang-go'; }
  look_for_go
  [ -n "$go" ] || die 'golang-go brought no Go'
fi
if [ "$minor" -lt "$GO_MINOR" ]; then
  # An old Go knows no other toolchains than itself, but it gets modules, and each Go is one. The module cache keeps no
  # file executable.
  arch=$(GOTOOLCHAIN=local "$go" env GOARCH)
  os=$(GOTOOLCHAIN=local "$go" env GOOS)
  say "1/4 fetches Go $GO_TO_FETCH, since $go is 1.$minor"
  (cd "$work" && GOTOOLCHAIN=local "$go" mod download "golang.org/toolchain@v0.0.1-go$GO_TO_FETCH.$os-$arch") \
    >"$work/toolchain.log" 2>&1 || { tail -n 20 "$work/toolchain.log" >&2; die "Go $GO_TO_FETCH could not be fetched"; }
  root=$GOMODCACHE/golang.org/toolchain@v0.0.1-go$GO_TO_FETCH.$os-$arch
  chmod -R u+w "$root"
  chmod +x "$root"/bin/* "$root/pkg/tool/${os}_$arch"/*
  go=$root/bin/go
  unset GOROOT
  [ "$(minor_of "$go")" -ge "$GO_MINOR" ] || die "$go does not run"
else
  say "1/4 the compiler is $go"
fi
export GOTOOLCHAIN=local

# 2. and 3. Build. Go's caches lie in the work directory: a build that was broken off does not begin anew.
run() {
  local log=$1 started=$SECONDS told=0
  shift
  "$@" >>"$log" 2>&1 &
  local child=$!
  trap 'kill "$child" 2>/dev/null || true' INT TERM
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    if [ $((SECONDS - started - told)) -ge 30 ]; then
      told=$((SECONDS - started))
      say "    … $told s"
    fi
  done
  wait "$child" || { tail -n 20 "$log" >&2; die 'the build failed; run this again to go on'; }
}

build_helm() {
  local package=helm.sh/helm/v3
  "$go" install -trimpath -ldflags "-s -w -X $package/internal/version.version=v$HELM" "$package/cmd/helm@v$HELM"
}

# Kubernetes' go.mod takes the libraries that are published with it from the directory `staging`, which its module lacks:
# in a module of our own they are taken by their version instead. All else is as its go.mod and go.sum say.
build_kubernetes() {
  local libraries="v0.${KUBERNETES#1.}" source packages=() program directory=$work/kubernetes
  mkdir -p "$directory"
  cd "$directory"
  "$go" mod download -json "k8s.io/kubernetes@v$KUBERNETES" >download.json
  source=$GOMODCACHE/k8s.io/kubernetes@v$KUBERNETES
  sed -e 's#^module .*#module headwind.sh/test-parts#' \
    -e "s#=> ./staging/src/\(k8s.io/.*\)#=> \1 $libraries#" "$source/go.mod" >go.mod
  cp "$source/go.sum" go.sum
  chmod u+w go.sum
  "$go" mod edit -require="k8s.io/kubernetes@v$KUBERNETES"
  for program in "$@"; do packages+=("k8s.io/kubernetes/cmd/${program%-1.33}"); done
  local version=k8s.io/component-base/version client=k8s.io/client-go/pkg/version
  "$go" build -mod=mod -trimpath -o "$work/bin/" -ldflags "-s -w \
    -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=33 \
    -X $client.gitVersion=v$KUBERNETES -X $client.gitMajor=1 -X $client.gitMinor=33" "${packages[@]}"
}

kubernetes=()
for program in "${wanted[@]}"; do
  if [ "$program" = helm ]; then
    say "2/4 builds helm $HELM (a minute; log: $work/helm.log)"
    run "$work/helm.log" build_helm
  else
    kubernetes+=("$program")
  fi
done
if [ ${#kubernetes[@]} -gt 0 ]; then
  say "3/4 builds ${kubernetes[*]} (minutes; log: $work/kubernetes.log)"
  run "$work/kubernetes.log" build_kubernetes "${kubernetes[@]}"
fi

# 4. Put in place what answers with its version; a rename, so that nobody ever sees half a program.
say '4/4 checks and installs'
for program in "${wanted[@]}"; do
  built=$work/bin/${program%-1.33}
  case $program in
    helm) answer=$("$built" version --short) expected=v$HELM ;;
    kubectl-*) answer=$("$built" version --client) expected=v$KUBERNETES ;;
    *) answer=$("$built" --version) expected=v$KUBERNETES ;;
  esac
  [[ $answer == *"$expected"* ]] || die "$built is not $expected: $answer"
  cp "$built" "$destination/.$program.new"
  mv "$destination/.$program.new" "$destination/$program"
  say "    $program: $(head -n 1 <<<"$answer")"
done
chmod -R u+w "$work"
rm -rf "$work"
say "done in $SECONDS s: $destination"
