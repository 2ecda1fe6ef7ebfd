# shellcheck shell=bash disable=SC2034 # the variables are for the scripts that source this file
# What every script here shares; sourced, never run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One build folder for every checkout of this user, so that a fresh clone compiles only our own crates.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/gtos/target}"
export GTOS_BIN="${GTOS_BIN:-$CARGO_TARGET_DIR/release/gtos}"
GTOS_STATE="${XDG_STATE_HOME:-$HOME/.local/state}/gtos"

# rustup's own installer leaves cargo out of the PATH of a shell that was open already.
if ! command -v cargo >/dev/null; then
	PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi

# What `build_benchmark` makes.
BENCHMARK_TARGET_DIR=$CARGO_TARGET_DIR-weights
BENCHMARK_BIN=$BENCHMARK_TARGET_DIR/release/gtos-benchmark
BENCHMARK_WASM=$BENCHMARK_TARGET_DIR/release/wbuild/gtos-runtime/gtos_runtime.compact.compressed.wasm

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# The comment that opens the running script is its manual.
usage() {
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# Builds gtos-benchmark and the Wasm with benchmarks. Both have a target folder of their own: their features differ from
# those of the node, and the Wasm builder writes to one place whatever the features are.
build_benchmark() {
	say "Building gtos-benchmark and the Wasm with benchmarks into $BENCHMARK_TARGET_DIR"
	CARGO_TARGET_DIR=$BENCHMARK_TARGET_DIR GTOS_WASM_WITH_TEST_FEATURES=1 \
		cargo build --release --locked -p gtos-benchmark
}
