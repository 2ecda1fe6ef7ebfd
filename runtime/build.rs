//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over.

/// Features of the native crate that the Wasm has only when [`WASM_FEATURES_ENV`] asks for them: the tests switch them
/// on for everything they build, and no chain may run them.
#[cfg(feature = "std")]
const TEST_FEATURES: [&str; 2] = ["runtime-benchmarks", "try-runtime"];

/// Set to `1` by a script that wants the Wasm to have the features of the native crate.
#[cfg(feature = "std")]
const WASM_FEATURES_ENV: &str = "GTOS_WASM_WITH_TEST_FEATURES";

fn main() {
	#[cfg(feature = "std")]
	{
		// The Wasm has the same dependencies as the rest: its builder looks for the lock file above the
		// target folder otherwise, and resolves anew when that is elsewhere.
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
