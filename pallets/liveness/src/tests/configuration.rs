//! What the integrity test accepts and refuses of a configuration.

use super::*;
use frame_support::traits::Hooks;
use std::panic::catch_unwind;

/// Checks a configuration with `most` authorities; the error is the reason.
fn check_with_authorities(most: u32) -> Result<(), String> {
	let usual = MaxAuthorities::get();
	MaxAuthorities::set(most);
	let result = catch_unwind(Liveness::integrity_test).map_err(|reason| {
		reason
			.downcast::<String>()
			.map(|reason| *reason)
			.or_else(|reason| reason.downcast::<&str>().map(|reason| reason.to_string()))
			.expect("panics come with a text")
	});
	// Other tests may run in this thread after this one.
	MaxAuthorities::set(usual);
	result
}

#[test]
fn configuration_of_the_chain_is_sound() {
	assert_eq!(check_with_authorities(100), Ok(()));
}

#[test]
fn configuration_without_authorities_is_refused() {
	let error = check_with_authorities(0).expect_err("nobody could be counted");
	assert!(error.contains("nobody could be counted"), "{error}");
}

#[test]
fn configuration_whose_sessions_end_too_heavily_is_refused() {
	let error = check_with_authorities(1_000_000).expect_err("it is too heavy");
	assert!(error.contains("judging a session weighs"), "{error}");
}
