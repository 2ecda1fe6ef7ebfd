//! What the integrity test accepts and refuses of a configuration.

use super::*;
use frame_support::traits::Hooks;
use std::panic::catch_unwind;

/// Checks the configuration that `change` makes of the usual one; the error is the reason.
fn check(change: impl FnOnce()) -> Result<(), String> {
	let usual = (
		(MaxCodeLength::get(), RecordBytes::get(), PricePerByte::get()),
		(MaxPageSize::get(), NormalLength::get()),
	);
	change();
	let result = catch_unwind(ContractStore::integrity_test).map_err(|reason| {
		reason
			.downcast::<String>()
			.map(|reason| *reason)
			.or_else(|reason| reason.downcast::<&str>().map(|reason| reason.to_string()))
			.expect("panics come with a text")
	});
	// Other tests may run in this thread after this one.
	MaxCodeLength::set(usual.0 .0);
	RecordBytes::set(usual.0 .1);
	PricePerByte::set(usual.0 .2);
	MaxPageSize::set(usual.1 .0);
	NormalLength::set(usual.1 .1);
	result
}

fn refused(change: impl FnOnce(), reason: &str) {
	let error = check(change).expect_err(reason);
	assert!(error.contains(reason), "{error}");
}

#[test]
fn configuration_of_the_chain_is_sound() {
	assert_eq!(check(|| ()), Ok(()));
}

/// Around the longest code, the call has its two index bytes, a length prefix of four and the salt;
/// 4 KiB are kept for what carries it.
#[test]
fn configuration_whose_largest_deployment_just_fits_the_block_length_is_sound() {
	let needed = LONGEST as u32 + 1 + 4 + 32 + 4 * 1024;
	assert_eq!(check(|| NormalLength::set(needed)), Ok(()));
	refused(|| NormalLength::set(needed - 1), "longer than a block's normal length");
}

#[test]
fn configuration_whose_largest_deployment_exceeds_the_block_is_refused() {
	// Three quarters of 800 ms, of which a byte that is hashed twice takes more than a nanosecond.
	let too_heavy = 600 * 1024 * 1024;
	refused(
		|| {
			NormalLength::set(u32::MAX);
			MaxCodeLength::set(too_heavy);
		},
		"the largest deployment weighs",
	);
}

#[test]
fn configuration_without_a_price_is_refused() {
	refused(|| PricePerByte::set(0), "nothing permanent is free");
	refused(|| RecordBytes::set(0), "nothing permanent is free");
}

#[test]
fn configuration_with_an_overflowing_price_is_refused() {
	refused(|| PricePerByte::set(Balance::MAX), "the largest price overflows");
	refused(|| PricePerByte::set(Balance::MAX / 513), "the largest price overflows");
}

#[test]
fn configuration_without_room_is_refused() {
	refused(|| MaxCodeLength::set(0), "no code could be deployed");
	refused(|| MaxPageSize::set(0), "a page without items never ends");
}
