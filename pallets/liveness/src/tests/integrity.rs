//! Which configurations the integrity test accepts and refuses.

use super::*;
use frame_support::traits::Hooks;
use std::panic::catch_unwind;

/// Runs the integrity test with at most `most` authorities. The error is its panic message.
fn check_with_authorities(most: u32) -> Result<(), String> {
	let usual = MaxAuthorities::get();
	MaxAuthorities::set(most);
	let result = catch_unwind(Liveness::integrity_test).map_err(|reason| {
		reason
			.downcast::<String>()
			.map(|reason| *reason)
			.or_else(|reason| reason.downcast::<&str>().map(|reason| reason.to_string()))
			.expect("the panic has a message")
	});
	// Another test may run in this thread afterwards.
	MaxAuthorities::set(usual);
	result
}

#[test]
fn configuration_of_the_chain_is_sound() {
	assert_eq!(check_with_authorities(100), Ok(()));
}

#[test]
fn configuration_without_authorities_is_refused() {
	let error = check_with_authorities(0).expect_err("there are no authorities");
	assert!(error.contains("MaxAuthorities must be at least 1"), "{error}");
}

#[test]
fn configuration_whose_evaluation_exceeds_the_block_is_refused() {
	let error = check_with_authorities(1_000_000).expect_err("it is too heavy");
	assert!(error.contains("evaluating a session weighs"), "{error}");
}
