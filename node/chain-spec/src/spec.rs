//! Chain specifications: the presets that the binary knows by name, and files.
//!
//! A network is a genesis preset of the one runtime; see `gtos_runtime::genesis_config_presets`.

use gtos_runtime::{
	configs::SS58Prefix,
	genesis_config_presets::{DEV, LIVE, LOCAL},
};
use sc_service::{ChainType, Properties};
use std::path::PathBuf;

/// A chain specification without extensions.
pub type ChainSpec = sc_service::GenericChainSpec;

/// Loads the specification that `--chain` names: a preset or a file.
///
/// An empty name is the local network, as in other Substrate nodes.
pub fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	let spec = match id {
		DEV => preset(DEV, "GTOS Development", ChainType::Development)?,
		"" | LOCAL => preset(LOCAL, "GTOS Local", ChainType::Local)?,
		LIVE => preset(LIVE, "GTOS Live template", ChainType::Live)?,
		path => ChainSpec::from_json_file(PathBuf::from(path)).map_err(|error| {
			format!(
				"`{path}` is not a usable chain spec: {error}. Name a chain spec file, or one of \
				{DEV}, {LOCAL} and {LIVE}"
			)
		})?,
	};
	Ok(Box::new(spec))
}

fn preset(preset: &str, name: &str, chain_type: ChainType) -> Result<ChainSpec, String> {
	let code = gtos_runtime::WASM_BINARY.ok_or(
		"this binary was built without the runtime's Wasm (SKIP_WASM_BUILD was set): build it \
		without that variable, or name a chain spec file with --chain",
	)?;
	Ok(ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(&format!("gtos_{preset}"))
		.with_protocol_id(&format!("gtos-{preset}"))
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// Symbol, decimals and address prefix of the token, for wallets (ECO-R1).
///
/// The runtime's `build.rs` makes the metadata hash from the same symbol and decimals.
fn properties() -> Properties {
	Properties::from_iter([
		("tokenSymbol".into(), "TOS".into()),
		("tokenDecimals".into(), 12.into()),
		("ss58Format".into(), SS58Prefix::get().into()),
	])
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn presets_have_their_own_ids_and_the_properties_of_the_token() {
		for (name, id, protocol_id, chain_type) in [
			("dev", "gtos_dev", "gtos-dev", ChainType::Development),
			("local", "gtos_local", "gtos-local", ChainType::Local),
			("", "gtos_local", "gtos-local", ChainType::Local),
			("live", "gtos_live", "gtos-live", ChainType::Live),
		] {
			let spec = load(name).expect("the preset exists");
			assert_eq!(spec.id(), id);
			assert_eq!(spec.protocol_id(), Some(protocol_id));
			assert_eq!(spec.chain_type(), chain_type);
			assert_eq!(spec.properties()["tokenSymbol"], "TOS");
			assert_eq!(spec.properties()["tokenDecimals"], 12);
			assert_eq!(spec.properties()["ss58Format"], 42);
			assert!(spec.telemetry_endpoints().is_none(), "telemetry is opt-in");
		}
	}

	#[test]
	fn unknown_chain_is_refused_by_name() {
		let error = load("no-such-chain").expect_err("there is no such file");
		assert!(error.starts_with("`no-such-chain` is not a usable chain spec"), "{error}");
	}

	#[test]
	fn dev_spec_survives_a_round_trip_through_json() {
		let json = load("dev").and_then(|spec| spec.as_json(true)).expect("the preset builds");
		let spec = ChainSpec::from_json_bytes(json.into_bytes()).expect("its JSON is a chain spec");
		assert_eq!(spec.id(), "gtos_dev");
	}
}
