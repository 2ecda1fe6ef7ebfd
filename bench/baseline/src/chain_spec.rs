//! The chains that the node knows by name.

use crate::budget::Budget;
use gtos_baseline_runtime::presets::{DEV, LOCAL};
use sc_service::ChainType;

/// A chain specification without extensions.
type ChainSpec = sc_service::GenericChainSpec;

/// The chain called `id`, whose blocks have the limits of `budget`.
pub fn load(id: &str, budget: Budget) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	let (name, chain_type) = match id {
		DEV => ("Baseline Development", ChainType::Development),
		LOCAL => ("Baseline Local", ChainType::Local),
		other => return Err(format!("there is no chain `{other}`: name {DEV} or {LOCAL}")),
	};
	let code = budget
		.wasm()
		.ok_or("this binary was built without its Wasm: build it without SKIP_WASM_BUILD")?;
	Ok(Box::new(
		ChainSpec::builder(code, None)
			.with_name(name)
			.with_id(&format!("gtos_baseline_{id}"))
			.with_protocol_id(&format!("gtos-baseline-{id}"))
			.with_chain_type(chain_type)
			.with_genesis_config_preset_name(id)
			.build(),
	))
}
