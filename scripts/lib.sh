# shellcheck shell=bash disable=SC2034 # the variables are for the scripts that source this file
# Settings and functions that all scripts share. Scripts source this file; it is never run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

[ -n "${HOME-}" ] || die "HOME is not set: set it to a folder in which you may write"

GTOS_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/gtos"
# One build folder for every checkout of this user, so that a fresh clone compiles only our own crates.
# Absolute, because the scripts build in other folders than the one in which they are called.
CARGO_TARGET_DIR=$(realpath -ms "${CARGO_TARGET_DIR:-$GTOS_CACHE/target}")
export CARGO_TARGET_DIR
export GTOS_BIN="${GTOS_BIN:-$CARGO_TARGET_DIR/release/gtos}"
# Tools of scripts/test that the Rust toolchain does not have; scripts/setup checks installs them.
GTOS_CHECKS="$GTOS_CACHE/checks"
GTOS_STATE="${XDG_STATE_HOME:-$HOME/.local/state}/gtos"

# The installer of rustup does not change the PATH of shells that are already open, and a cargo of the distribution, which
# may come first in it, does not obey rust-toolchain.toml.
CARGO_HOME_DIR=${CARGO_HOME:-$HOME/.cargo}
if [ -x "$CARGO_HOME_DIR/bin/rustup" ]; then
	PATH="$CARGO_HOME_DIR/bin:$PATH"
fi

# The files that `build_benchmark` makes.
BENCHMARK_TARGET_DIR=$CARGO_TARGET_DIR-weights
BENCHMARK_BIN=$BENCHMARK_TARGET_DIR/release/gtos-benchmark
BENCHMARK_WASM=$BENCHMARK_TARGET_DIR/release/wbuild/gtos-runtime/gtos_runtime.compact.compressed.wasm

# Prints a number of seconds as minutes and seconds.
elapsed() {
	printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
}

# python_venv FOLDER REQUIREMENTS: makes a virtual environment with exactly these packages, again whenever the list changes.
python_venv() {
	# The copy of the list is written last, so if it equals the list, all packages are installed.
	if cmp -s "$2" "$1/requirements.txt"; then
		return
	fi
	say "Installing the packages of ${2#"$ROOT/"} into $1"
	rm -rf "$1"
	python3 -m venv "$1" || die "python3 cannot make a virtual environment: install its venv module"
	"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
	cp "$2" "$1/requirements.txt"
}

# Prints the comment at the top of the running script, which is its help text.
usage() {
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# Builds gtos-benchmark and the Wasm with benchmarks. Both have a target folder of their own: their features differ from
# those of the node, and the Wasm builder writes to the same place for all sets of features.
build_benchmark() {
	say "Building gtos-benchmark and the Wasm with benchmarks into $BENCHMARK_TARGET_DIR"
	clean_environment
	# That runtime is for a command of the SDK that measures proofs of parachains. It locks dependencies of its own.
	CARGO_TARGET_DIR=$BENCHMARK_TARGET_DIR GTOS_WASM_FEATURES=runtime-benchmarks \
		SKIP_FRAME_STORAGE_ACCESS_TEST_RUNTIME_WASM_BUILD=1 \
		cargo build --release --locked -p gtos-benchmark
}

# Unsets what would change the Wasm, or leave out its build, although a build that others can repeat must not depend on it.
clean_environment() {
	unset SKIP_WASM_BUILD SKIP_GTOS_RUNTIME_WASM_BUILD GTOS_WASM_FEATURES SUBSTRATE_RUNTIME_TARGET CARGO_BUILD_TARGET
	# WASM_BUILD_RUSTFLAGS and the other variables of the Wasm builder.
	unset "${!WASM_@}"
}

# forget_crates FOLDER: has cargo build all crates of this repository again in this folder of a profile. Cargo knows them by
# their paths in the repository and by the times of their files. If the folder has been used by another checkout, cargo
# would take the other one's crates for those of this one, unless the files here are newer.
forget_crates() {
	local names=(-name 'gtos-*') pallet
	[ -d "$1" ] || return 0
	for pallet in "$ROOT"/pallets/*/; do
		names+=(-o -name "pallet-$(basename "$pallet")-*")
	done
	# Those of the Wasm are in a target folder inside.
	find "$1" -type d -path '*/.fingerprint/*' \( "${names[@]}" \) -prune -exec rm -rf {} +
}

# test_wasm FEATURES: builds the Wasm with these features, which no real chain may run, and prints its path.
test_wasm() {
	# Not the folder of the node: the Wasm builder writes to the same place for all sets of features.
	local folder=$CARGO_TARGET_DIR-wasm
	local wasm=$folder/$1.wasm
	say "Building the Wasm with the features $1 into $folder" >&2
	# The native code of the runtime is only checked, because nobody runs it.
	# Without the returns, a caller would get the Wasm of an earlier build: `set -e` ends no command substitution.
	(cd "$ROOT" && clean_environment &&
		CARGO_TARGET_DIR=$folder GTOS_WASM_FEATURES=$1 cargo check --release --locked --package gtos-runtime) >&2 || return
	cp "$folder/release/wbuild/gtos-runtime/gtos_runtime.compact.compressed.wasm" "$wasm" || return
	echo "$wasm"
}
