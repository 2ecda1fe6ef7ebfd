//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over. The same commit and toolchain give
//! the same Wasm in every folder, so that anybody can check the code of an upgrade: docs/upgrade-checklist.md.

#[cfg(feature = "std")]
#[path = "build/checkout.rs"]
mod checkout;

/// Features that no chain may run, which the native crate can have without the Wasm: tests enable the first two.
#[cfg(feature = "std")]
const TEST_FEATURES: [&str; 3] = ["runtime-benchmarks", "try-runtime", "rehearsal"];

/// Names those of [`TEST_FEATURES`] that the Wasm shall have, separated by commas. Only scripts set it, for a target folder
/// of its own.
#[cfg(feature = "std")]
const WASM_FEATURES_ENV: &str = "GTOS_WASM_FEATURES";

/// What the Wasm is made of, below the folder of the runtime's package.
///
/// The Wasm builder names these files too, but as those of the checkout in which it ran.
#[cfg(feature = "std")]
const SOURCES: [&str; 10] = [
	"build",
	"build.rs",
	"Cargo.toml",
	"dpos-api",
	"src",
	"transaction-api",
	"../Cargo.lock",
	"../Cargo.toml",
	"../pallets",
	"rustc-wrapper",
];

fn main() {
	#[cfg(feature = "std")]
	{
		println!("cargo:rerun-if-env-changed={WASM_FEATURES_ENV}");
		for source in SOURCES {
			println!("cargo:rerun-if-changed={source}");
		}
		// The Wasm builder copies the features that cargo announces in these variables.
		for feature in TEST_FEATURES {
			std::env::remove_var(format!(
				"CARGO_FEATURE_{}",
				feature.replace('-', "_").to_uppercase()
			));
		}
		let mut builder = checkout::wasm_builder("runtime");
		let features = checkout::variable(WASM_FEATURES_ENV);
		for feature in features.split(',').filter(|feature| !feature.is_empty()) {
			builder = builder.enable_feature(feature);
		}
		builder.enable_metadata_hash("TOS", 12).build();
	}
}
