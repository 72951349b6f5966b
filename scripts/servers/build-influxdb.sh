#!/usr/bin/env bash
# Builds InfluxDB 2 (without its web pages) from its Go module and the Rust part of flux into ${XDG_CACHE_HOME:-~/.cache}/larder/bin/influxd.
# Once: 10 to 18 minutes with empty caches, about a minute with warm ones. Does nothing where it is there. Two at once wait for each other.
# Needs go, cargo, gcc, pkg-config and flock. What it says goes to standard error and to influxd-build.log beside it.
set -euo pipefail
version=2.7.12
flux=0.196.1 # the one that go.mod of that version names

home=${XDG_CACHE_HOME:-$HOME/.cache}/larder
program=$home/bin/influxd
log=$home/influxd-build.log

say() { echo "$(date -u +%T) $*" | tee -a "$log" >&2; }

mkdir -p "$home/bin"
for tool in go cargo gcc pkg-config flock; do
  command -v "$tool" >/dev/null || {
    say "InfluxDB cannot be built without $tool: install it first."
    exit 1
  }
done
exec 9>"$home/influxd-build.lock"
flock 9
if [ -x "$program" ] && "$program" version | grep -qF " $version "; then exit 0; fi

work=$(mktemp -d "$home/influxd-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# Its go.mod replaces a module, which "go install" of a module refuses: a module of our own says the same.
# flux has to be named in it too, or no libflux is found to build.
cat >go.mod <<MODULE
module larder.invalid/influxd

go 1.23.0

require (
	github.com/influxdata/flux v$flux
	github.com/influxdata/influxdb/v2 v$version
)

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
MODULE

# The default feature "strict" of flux makes an error of every warning that a newer compiler has.
cat >cargo <<'WRAPPER'
#!/bin/sh
exec cargo "$@" -p flux --no-default-features --features cffi
WRAPPER
chmod +x cargo

# flux names a compiler of its own, which rustup would download.
if command -v rustup >/dev/null; then
  RUSTUP_TOOLCHAIN=$(rustup show active-toolchain | cut -d' ' -f1)
  export RUSTUP_TOOLCHAIN
fi

say 'InfluxDB 1/3: the stand-in for pkg-config that builds libflux'
GOBIN=$work GOFLAGS='' go install github.com/influxdata/pkg-config@v0.2.14 2>>"$log"
say "InfluxDB 2/3: modules, libflux and influxd $version"
CARGO=$work/cargo PKG_CONFIG=$work/pkg-config GOFLAGS=-mod=mod \
  go build -trimpath -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=$version" \
  -o influxd github.com/influxdata/influxdb/v2/cmd/influxd >>"$log" 2>&1 || {
  tail -20 "$log" >&2
  say 'InfluxDB was not built: the lines above say why.'
  exit 1
}
mv influxd "$program"
say "InfluxDB 3/3: $program"
