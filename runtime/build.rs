//! Builds the runtime's Wasm, with the metadata hash that hardware wallets sign over.

fn main() {
	#[cfg(feature = "std")]
	{
		// The Wasm has the same dependencies as the rest: its builder looks for the lock file above the
		// target folder otherwise, and resolves anew when that is elsewhere.
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
		substrate_wasm_builder::WasmBuilder::init_with_defaults()
			.enable_metadata_hash("TOS", 12)
			.build();
	}
}
