//! Builds the Wasm twice: with the SDK's limits of a block, and with those of GTOS.

#[cfg(feature = "std")]
#[path = "../../runtime/build/checkout.rs"]
mod checkout;

/// What the Wasm is made of, below the folder of the package.
///
/// The Wasm builder names these files too, but as those of the checkout in which it ran.
#[cfg(feature = "std")]
const SOURCES: [&str; 8] = [
	"build.rs",
	"Cargo.toml",
	"src",
	"../../Cargo.lock",
	"../../Cargo.toml",
	"../../pallets/genesis-parameters",
	"../../runtime/build",
	"../../runtime/rustc-wrapper",
];

/// Gives the Wasm the limits of GTOS.
///
/// This is no feature, because cargo writes the Wasm of every set of features to the same file, and takes what it finds
/// there if no source has changed.
#[cfg(feature = "std")]
const LIMITS_ENV: &str = "GTOS_BASELINE_LIMITS";

fn main() {
	#[cfg(feature = "std")]
	{
		for source in SOURCES {
			println!("cargo:rerun-if-changed={source}");
		}
		share_compiled_crates().expect("the target folder can be written");
		std::env::remove_var(LIMITS_ENV);
		wasm_builder().build();
		std::env::set_var(LIMITS_ENV, "gtos");
		wasm_builder().set_file_name("gtos_budget").build();
	}
}

#[cfg(feature = "std")]
fn wasm_builder() -> substrate_wasm_builder::WasmBuilder {
	checkout::wasm_builder("bench/baseline-runtime")
}

/// Has the Wasm built in the target folder of our own runtime's Wasm, where nearly all of its crates are compiled
/// already, in the same way.
#[cfg(feature = "std")]
fn share_compiled_crates() -> std::io::Result<()> {
	let builds = std::path::PathBuf::from(checkout::profile_folder()).join("wbuild");
	let (own, shared) = (builds.join("gtos-baseline-runtime"), builds.join("gtos-runtime/target"));
	std::fs::create_dir_all(&own)?;
	std::fs::create_dir_all(&shared)?;
	checkout::point_to(&own.join("target"), &shared)
}
