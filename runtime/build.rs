//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over. The same commit and toolchain give
//! the same Wasm in every folder, so that anybody can check the code of an upgrade: docs/upgrade-checklist.md.

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
const SOURCES: [&str; 9] = [
	"build.rs",
	"Cargo.toml",
	"dpos-api",
	"src",
	"transaction-api",
	"../Cargo.lock",
	"../Cargo.toml",
	"../pallets",
	RUSTC_WRAPPER,
];

/// Replaces rustc for the Wasm; see its head.
#[cfg(feature = "std")]
const RUSTC_WRAPPER: &str = "rustc-wrapper";

/// Gives [`remapped_paths`] to the wrapper. As flags, they would make cargo recompile all crates of the Wasm in each checkout.
#[cfg(feature = "std")]
const REMAPPED_PATHS_ENV: &str = "GTOS_REMAPPED_PATHS";

fn main() {
	#[cfg(feature = "std")]
	{
		use std::path::Path;

		// The variables of this run, not those of its compilation: checkouts share one target folder.
		let (runtime, out_dir) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR"));
		// The Wasm builder works in a folder beside the one for the output of build scripts.
		let profile =
			out_dir.rsplit_once("/build/").map_or(out_dir.as_str(), |(profile, _)| profile);
		let checkout = runtime.strip_suffix("/runtime").unwrap_or(&runtime);
		let link = format!("{profile}/checkout");
		point_to(Path::new(&link), Path::new(checkout)).expect("the target folder can be written");

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
		// The Wasm is built with the lock file of the workspace. Without this hint its builder looks for
		// one above the target folder, and resolves all dependencies again if there is none.
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", &link);
		std::env::set_var("RUSTC_WRAPPER", format!("{runtime}/{RUSTC_WRAPPER}"));
		std::env::set_var(REMAPPED_PATHS_ENV, remapped_paths(profile, checkout, &link));
		let mut builder = substrate_wasm_builder::WasmBuilder::new()
			.with_project(format!("{link}/runtime/Cargo.toml"))
			.expect("the link points to the checkout")
			.import_memory()
			.export_heap_base();
		let features = variable(WASM_FEATURES_ENV);
		for feature in features.split(',').filter(|feature| !feature.is_empty()) {
			builder = builder.enable_feature(feature);
		}
		builder.enable_metadata_hash("TOS", 12).build();
	}
}

/// Makes `link` a link to `checkout`. Through it the crates of the Wasm have the same path in every checkout, so that
/// cargo does not take them for others.
#[cfg(feature = "std")]
fn point_to(link: &std::path::Path, checkout: &std::path::Path) -> std::io::Result<()> {
	match std::fs::read_link(link) {
		Ok(target) if target == checkout => return Ok(()),
		Ok(_) => std::fs::remove_file(link)?,
		Err(_) => (),
	}
	std::os::unix::fs::symlink(checkout, link)
}

/// The folders of this machine and what replaces them in the messages of panics, as lines of `FROM=TO`. The last that
/// matches a path counts.
#[cfg(feature = "std")]
fn remapped_paths(profile: &str, checkout: &str, link: &str) -> String {
	let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| variable("HOME") + "/.cargo");
	format!("{profile}=/target\n{cargo_home}=/cargo\n{checkout}=/gtos\n{link}=/gtos")
}

/// The value of an environment variable, or nothing.
#[cfg(feature = "std")]
fn variable(name: &str) -> String {
	std::env::var(name).unwrap_or_default()
}
