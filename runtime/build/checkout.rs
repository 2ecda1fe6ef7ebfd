//! Lets the Wasm builder work on a link to the checkout, with the same paths in every checkout. The runtime and the
//! baseline of the benchmarks share this file.

use std::path::Path;
use substrate_wasm_builder::WasmBuilder;

/// Gives [`remapped_paths`] to the wrapper. As flags, they would make cargo recompile all crates of the Wasm in each
/// checkout.
const REMAPPED_PATHS_ENV: &str = "GTOS_REMAPPED_PATHS";

/// Begins to build the Wasm of the package in `folder`, a path in the repository.
pub fn wasm_builder(folder: &str) -> WasmBuilder {
	// The variable of this run, not of its compilation: checkouts share one target folder.
	let package = variable("CARGO_MANIFEST_DIR");
	let profile = profile_folder();
	let checkout = package.strip_suffix(&format!("/{folder}")).unwrap_or(&package);
	let link = format!("{profile}/checkout");
	point_to(Path::new(&link), Path::new(checkout)).expect("the target folder can be written");

	// The Wasm is built with the lock file of the workspace. Without this hint its builder looks for
	// one above the target folder, and resolves all dependencies again if there is none.
	std::env::set_var("WASM_BUILD_WORKSPACE_HINT", &link);
	// Replaces rustc for the Wasm; see its head.
	std::env::set_var("RUSTC_WRAPPER", format!("{checkout}/runtime/rustc-wrapper"));
	std::env::set_var(REMAPPED_PATHS_ENV, remapped_paths(&profile, checkout, &link));
	WasmBuilder::new()
		.with_project(format!("{link}/{folder}/Cargo.toml"))
		.expect("the link points to the checkout")
		.import_memory()
		.export_heap_base()
}

/// The folder of the profile in the target folder. The Wasm builder works in a folder of it.
pub fn profile_folder() -> String {
	let out_dir = variable("OUT_DIR");
	out_dir.rsplit_once("/build/").map_or(out_dir.as_str(), |(profile, _)| profile).into()
}

/// Makes `link` a link to `target`.
///
/// Through a link to the checkout, the crates of the Wasm have the same path in every checkout, so that cargo does not
/// take them for others. Several build scripts may do this at the same time, so the link is replaced in one step.
pub fn point_to(link: &Path, target: &Path) -> std::io::Result<()> {
	if std::fs::read_link(link).is_ok_and(|present| present == target) {
		return Ok(());
	}
	let new = link.with_extension(std::process::id().to_string());
	std::os::unix::fs::symlink(target, &new)?;
	std::fs::rename(new, link)
}

/// The folders of this machine and what replaces them in the messages of panics, as lines of `FROM=TO`. The last that
/// matches a path counts.
fn remapped_paths(profile: &str, checkout: &str, link: &str) -> String {
	let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| variable("HOME") + "/.cargo");
	format!("{profile}=/target\n{cargo_home}=/cargo\n{checkout}=/gtos\n{link}=/gtos")
}

/// The value of an environment variable, or nothing.
pub fn variable(name: &str) -> String {
	std::env::var(name).unwrap_or_default()
}
