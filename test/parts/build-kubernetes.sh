#!/usr/bin/env bash
# Builds Kubernetes' programs from Debian's own `kubernetes` source package with Debian's Go compiler.
#
#   build-kubernetes.sh DIRECTORY PROGRAM...
#   build-kubernetes.sh ~/.cache/headwind-k8s kube-apiserver kube-controller-manager
#
# Programs that are there are not built again. A run that was broken off goes on where it stopped; a run that
# succeeds removes everything but the programs. Four programs take about 10 minutes on 2 cores, two 7, and 4 GB of disk.
# Packages are installed where this runs as root; otherwise it says which ones are missing.
set -euo pipefail

readonly KNOWN_GOOD='1.20.2'
readonly GO_HOME=/usr/lib/go-1.19
readonly REFLECT2=/usr/share/gocode/src/github.com/modern-go/reflect2
readonly PACKAGES=(golang-1.19-go golang-github-modern-go-reflect2-dev rsync jq make gcc libc6-dev)
readonly NEEDED_MB=4000

say() { printf 'kubernetes: %s\n' "$*"; }
die() { printf 'kubernetes: %s\n' "$*" >&2; exit 1; }

[ $# -ge 2 ] || die 'usage: build-kubernetes.sh DIRECTORY PROGRAM...'
mkdir -p "$1"
destination=$(cd "$1" && pwd)
shift
readonly destination

wanted=()
for program in "$@"; do
  case $program in
    kube-apiserver | kube-controller-manager | kube-scheduler | kubelet) ;;
    *) die "$program is not one of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet" ;;
  esac
  [ -x "$destination/$program" ] || wanted+=("$program")
done
if [ ${#wanted[@]} -eq 0 ]; then
  say "nothing to do: $* are in $destination"
  exit 0
fi

[ -f /etc/debian_version ] || die 'this builds from a Debian source package, and this is not Debian'
command -v apt-get >/dev/null || die 'apt-get is missing'

# One build at a time: whoever comes second waits, and then finds the programs there.
exec 9>"$destination/.lock"
flock --nonblock 9 || { say 'another build is running; waiting for it'; flock 9; exec "$0" "$destination" "$@"; }

readonly work=$destination/.build
mkdir -p "$work"
free_mb=$(df --output=avail -BM "$work" | tail -n 1 | tr -dc '0-9')
[ "$free_mb" -ge "$NEEDED_MB" ] || die "needs $NEEDED_MB MB in $work, and $free_mb MB are free"

# 1. The compiler and what the build calls.
missing=()
for package in "${PACKAGES[@]}"; do
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" -eq 0 ] || die "missing packages; as root: apt-get install ${missing[*]}"
  say "1/5 installs ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; die 'apt-get update failed'; }
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$work/apt.log" 2>&1 ||
    { tail -n 20 "$work/apt.log" >&2; die "apt-get could not install ${missing[*]}"; }
else
  say '1/5 the compiler is there'
fi

# 2. The source, from the archives that this machine's apt already trusts. Entries for sources go to a directory of
# our own, so that the machine's configuration stays as it is; apt checks signatures and sums as always.
if [ ! -e "$work/downloaded" ]; then
  say '2/5 downloads the source package (32 MB)'
  rm -rf "$work/apt" && mkdir -p "$work/apt/lists/partial" "$work/apt/sources"
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/apt/sources/$(basename "$file")"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >"$work/apt/sources/$(basename "$file" .list).list"
  done
  apt_options=(-o Dir::Etc::sourcelist=- -o "Dir::Etc::sourceparts=$work/apt/sources"
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User=root)
  (
    cd "$work"
    apt-get "${apt_options[@]}" update -qq
    apt-get "${apt_options[@]}" source -qq --download-only kubernetes
  ) >"$work/source.log" 2>&1 || { tail -n 20 "$work/source.log" >&2; die 'the source package cannot be downloaded'; }
  touch "$work/downloaded"
else
  say '2/5 the source package is there'
fi

# 3. Unpack and mend: the vendored reflect2 1.0.1 corrupts memory under Go 1.18 and later; Debian packages 1.0.2.
readonly tree=$work/kubernetes
if [ ! -e "$work/unpacked" ]; then
  say '3/5 unpacks it'
  rm -rf "$tree" && mkdir "$tree"
  tarballs=("$work"/kubernetes_*.orig.tar.*)
  [ -f "${tarballs[0]}" ] || die "no kubernetes_*.orig.tar.* among what apt-get downloaded to $work"
  case ${tarballs[0]} in
    *"$KNOWN_GOOD"*) ;;
    *) say "this is $(basename "${tarballs[0]}"); known to build like this is $KNOWN_GOOD" ;;
  esac
  tar --extract --file "${tarballs[0]}" --directory "$tree" --strip-components=1
  vendored=$tree/vendor/github.com/modern-go/reflect2
  if [ -d "$vendored" ]; then
    rm -f "$vendored"/*.go "$vendored"/*.s
    cp "$REFLECT2"/*.go "$REFLECT2"/*.s "$vendored/"
    rm -f "$vendored"/*_test.go
  fi
  touch "$work/unpacked"
else
  say '3/5 it is unpacked'
fi

# 4. Build. Go's cache lies in the work directory: a build that was broken off does not begin anew.
say "4/5 builds ${wanted[*]} (minutes; log: $work/build.log)"
what=''
for program in "${wanted[@]}"; do what="$what cmd/$program"; done
export PATH=$GO_HOME/bin:$PATH GOTOOLCHAIN=local GOFLAGS='' GOCACHE=$work/go-cache GOPATH='' GOPROXY=off
[ -x "$GO_HOME/bin/go" ] || die "$GO_HOME/bin/go is missing"
started=$SECONDS
make --directory="$tree" WHAT="${what# }" >"$work/build.log" 2>&1 &
maker=$!
trap 'kill "$maker" 2>/dev/null || true' INT TERM
while kill -0 "$maker" 2>/dev/null; do
  sleep 1
  elapsed=$((SECONDS - started))
  if [ $((elapsed % 30)) -eq 0 ] && [ "$elapsed" -gt 0 ]; then say "    … $elapsed s"; fi
done
wait "$maker" || { tail -n 20 "$work/build.log" >&2; die "the build failed; run this again to go on"; }

# 5. Put in place what answers with a version; a rename, so that nobody ever sees half a program.
say '5/5 checks and installs'
for program in "${wanted[@]}"; do
  built=$tree/_output/local/go/bin/$program
  version=$("$built" --version) || die "$built does not run"
  cp "$built" "$destination/.$program.new"
  mv "$destination/.$program.new" "$destination/$program"
  say "    $program: $version"
done
chmod -R u+w "$work"
rm -rf "$work"
say "done in $((SECONDS - started)) s: $destination"
