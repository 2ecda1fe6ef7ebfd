//! How much of the chain a node keeps, by its role (ADR 0027).

use sc_cli::{DatabasePruningMode as Mode, PruningParams};

/// Number of one-second blocks in a day, which the index of transactions covers by default.
pub const DAY_OF_BLOCKS: &str = "86400";

/// Number of final blocks whose bodies a validator keeps.
///
/// A validator that was down for less than that still gets the bodies that it missed from other validators.
/// If it was down for longer, it needs a node that keeps all. Reports of equivocations and finality proofs
/// need headers and justifications, which are never pruned.
pub const VALIDATOR_BODIES: &str = DAY_OF_BLOCKS;

/// Number of blocks that a validator's index of transactions covers: none, because wallets do not query
/// validators.
pub const VALIDATOR_INDEX: &str = "0";

/// What any other node keeps: the bodies of all final blocks, so that others can sync from it.
pub const ALL_FINAL: &str = "archive-canonical";

/// Help of `--blocks-pruning`, instead of the SDK's, which does not know the role.
fn help() -> String {
	format!(
		"Blocks whose bodies are kept: `archive` (all), `archive-canonical` (all final ones), or a number of \
		final blocks. The default is {ALL_FINAL}, and {VALIDATOR_BODIES} with --validator, unless it keeps the \
		states of all blocks. A higher number does not bring back what has been pruned"
	)
}

/// Gives `--blocks-pruning` a default by role. A development chain has no other node that keeps its bodies.
pub fn bodies_by_role(arg: clap::Arg) -> clap::Arg {
	let by_role = [
		("archive", "true", ALL_FINAL),
		("dev", "true", ALL_FINAL),
		// States need their bodies.
		("state_pruning", "archive", ALL_FINAL),
		("state_pruning", "archive-canonical", ALL_FINAL),
		("validator", "true", VALIDATOR_BODIES),
	];
	arg.default_value_ifs(by_role).help(help()).long_help(help())
}

/// Number of final blocks whose states the SDK keeps by default.
const DEFAULT_STATES: u32 = 256;

/// Fails if the options contradict each other.
pub fn ensure_consistent(params: &PruningParams) -> Result<(), String> {
	let Mode::Custom(bodies) = params.blocks_pruning else { return Ok(()) };
	match params.state_pruning {
		Some(Mode::Archive | Mode::ArchiveCanonical) => Err(format!(
			"--state-pruning keeps the states of all final blocks, but --blocks-pruning {bodies} deletes their \
			bodies: leave it out, or keep fewer states"
		)),
		Some(Mode::Custom(states)) if states > bodies => Err(too_few(bodies, states)),
		None if DEFAULT_STATES > bodies => Err(too_few(bodies, DEFAULT_STATES)),
		Some(Mode::Custom(_)) | None => Ok(()),
	}
}

fn too_few(bodies: u32, states: u32) -> String {
	format!(
		"--blocks-pruning {bodies} keeps the bodies of fewer blocks than --state-pruning keeps states \
		({states}): raise the former, or lower the latter"
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn check(state_pruning: Option<Mode>, blocks_pruning: Mode) -> Result<(), String> {
		ensure_consistent(&PruningParams { state_pruning, blocks_pruning })
	}

	#[test]
	fn states_of_blocks_without_bodies_are_refused() {
		for states in [Mode::Archive, Mode::ArchiveCanonical] {
			let error = check(Some(states), Mode::Custom(86_400)).expect_err("bodies are missing");
			assert!(error.contains("--blocks-pruning 86400"), "{error}");
			assert_eq!(check(Some(states), Mode::ArchiveCanonical), Ok(()));
		}
		let error = check(Some(Mode::Custom(300)), Mode::Custom(299)).expect_err("one is missing");
		assert!(error.contains("--blocks-pruning 299") && error.contains("(300)"), "{error}");
		assert!(check(None, Mode::Custom(255)).is_err());
	}

	#[test]
	fn bodies_of_all_blocks_with_states_are_accepted() {
		assert_eq!(check(Some(Mode::Custom(300)), Mode::Custom(300)), Ok(()));
		assert_eq!(check(None, Mode::Custom(256)), Ok(()));
		assert_eq!(check(Some(Mode::Custom(8)), Mode::Custom(8)), Ok(()));
		assert_eq!(check(None, Mode::Archive), Ok(()));
	}
}
