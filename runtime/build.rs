//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over.

/// Features that the tests enable for the native crate and that no chain may run.
///
/// The Wasm has them only if [`WASM_FEATURES_ENV`] is set.
#[cfg(feature = "std")]
const TEST_FEATURES: [&str; 2] = ["runtime-benchmarks", "try-runtime"];

/// Set to `1` by a script that wants the Wasm to have the features of the native crate.
#[cfg(feature = "std")]
const WASM_FEATURES_ENV: &str = "GTOS_WASM_WITH_TEST_FEATURES";

fn main() {
	#[cfg(feature = "std")]
	{
		// The Wasm is built with the lock file of the workspace. Without this hint its builder looks for
		// one above the target folder, and resolves all dependencies again if there is none.
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
		println!("cargo:rerun-if-env-changed={WASM_FEATURES_ENV}");
		if std::env::var(WASM_FEATURES_ENV).as_deref() != Ok("1") {
			// The Wasm builder copies the features that cargo announces in these variables.
			for feature in TEST_FEATURES {
				std::env::remove_var(format!(
					"CARGO_FEATURE_{}",
					feature.replace('-', "_").to_uppercase()
				));
			}
		}
		substrate_wasm_builder::WasmBuilder::init_with_defaults()
			.enable_metadata_hash("TOS", 12)
			.build();
	}
}
