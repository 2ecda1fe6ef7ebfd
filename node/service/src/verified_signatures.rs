//! The memory of verified signatures.

use gtos_node_verified_signatures::{register_metrics, switch_on};
use sc_service::{Configuration, Error};
use std::num::NonZeroU32;

/// Lets the node remember as many verified signatures as the operator has chosen; `None`: none.
pub fn start(config: &Configuration, entries: Option<NonZeroU32>) -> Result<(), Error> {
	let Some(entries) = entries else { return Ok(()) };
	let memory = switch_on(entries);
	if let Some(registry) = config.prometheus_registry() {
		register_metrics(memory, registry)?;
	}
	Ok(())
}
