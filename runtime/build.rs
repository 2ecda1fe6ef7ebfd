//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over. The same commit and toolchain give
//! the same Wasm in every folder, so that anybody can check the code of an upgrade: docs/upgrade-checklist.md.

/// Features that no chain may run, which the native crate can have without the Wasm: tests enable the first two.
#[cfg(feature = "std")]
const TEST_FEATURES: [&str; 3] = ["runtime-benchmarks", "try-runtime", "rehearsal"];

/// Names those of [`TEST_FEATURES`] that the Wasm shall have, separated by commas. Only scripts set it, for a target folder
/// of its own.
#[cfg(feature = "std")]
const WASM_FEATURES_ENV: &str = "GTOS_WASM_FEATURES";

/// Replaces rustc for the Wasm; see its head.
#[cfg(feature = "std")]
const RUSTC_WRAPPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rustc-wrapper");

/// Gives [`remapped_paths`] to the wrapper. As flags, they would make cargo recompile all crates of the Wasm in each checkout.
#[cfg(feature = "std")]
const REMAPPED_PATHS_ENV: &str = "GTOS_REMAPPED_PATHS";

fn main() {
	#[cfg(feature = "std")]
	{
		// The Wasm is built with the lock file of the workspace. Without this hint its builder looks for
		// one above the target folder, and resolves all dependencies again if there is none.
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
		println!("cargo:rerun-if-env-changed={WASM_FEATURES_ENV}");
		// The Wasm builder copies the features that cargo announces in these variables.
		for feature in TEST_FEATURES {
			std::env::remove_var(format!(
				"CARGO_FEATURE_{}",
				feature.replace('-', "_").to_uppercase()
			));
		}
		println!("cargo:rerun-if-changed={RUSTC_WRAPPER}");
		std::env::set_var("RUSTC_WRAPPER", RUSTC_WRAPPER);
		std::env::set_var(REMAPPED_PATHS_ENV, remapped_paths());
		let mut builder = substrate_wasm_builder::WasmBuilder::init_with_defaults();
		let features = std::env::var(WASM_FEATURES_ENV).unwrap_or_default();
		for feature in features.split(',').filter(|feature| !feature.is_empty()) {
			builder = builder.enable_feature(feature);
		}
		builder.enable_metadata_hash("TOS", 12).build();
	}
}

/// The folders of this machine and what replaces them in the messages of panics, as lines of `FROM=TO`. The last that
/// matches a path counts.
#[cfg(feature = "std")]
fn remapped_paths() -> String {
	let variable = |name: &str| std::env::var(name).unwrap_or_default();
	let runtime = variable("CARGO_MANIFEST_DIR");
	let checkout = runtime.strip_suffix("/runtime").unwrap_or(&runtime);
	let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| variable("HOME") + "/.cargo");
	// The Wasm builder works in a folder beside the one for the output of build scripts.
	let out_dir = variable("OUT_DIR");
	let profile = out_dir.rsplit_once("/build/").map_or(out_dir.as_str(), |(profile, _)| profile);
	format!("{checkout}=/gtos\n{cargo_home}=/cargo\n{profile}=/target")
}
