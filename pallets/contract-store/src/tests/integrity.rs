//! Which configurations the integrity test accepts and refuses.

use super::*;
use frame_support::traits::Hooks;
use std::panic::catch_unwind;

/// Runs the integrity test on the default configuration after `change`. The error is its panic
/// message.
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
			.expect("the panic has a message")
	});
	// Another test may run in this thread afterwards.
	MaxCodeLength::set(usual.0 .0);
	RecordBytes::set(usual.0 .1);
	PricePerByte::set(usual.0 .2);
	MaxPageSize::set(usual.1 .0);
	NormalLength::set(usual.1 .1);
	result
}

fn assert_refused(change: impl FnOnce(), reason: &str) {
	let error = check(change).expect_err(reason);
	assert!(error.contains(reason), "{error}");
}

#[test]
fn configuration_of_the_chain_is_sound() {
	assert_eq!(check(|| ()), Ok(()));
}

/// In addition to the code, the call has an index byte, a length prefix of four bytes and the salt. The
/// integrity test reserves 4 KiB for the rest of the extrinsic.
#[test]
fn configuration_whose_largest_deployment_just_fits_the_block_length_is_sound() {
	let needed = LONGEST as u32 + 1 + 4 + 32 + 4 * 1024;
	assert_eq!(check(|| NormalLength::set(needed)), Ok(()));
	assert_refused(|| NormalLength::set(needed - 1), "longer than a block's normal length");
}

#[test]
fn configuration_whose_largest_deployment_exceeds_the_block_is_refused() {
	// A block has three quarters of 800 ms for it. A byte is hashed twice and takes more than 1 ns.
	let too_heavy = 600 * 1024 * 1024;
	assert_refused(
		|| {
			NormalLength::set(u32::MAX);
			MaxCodeLength::set(too_heavy);
		},
		"the largest deployment weighs",
	);
}

#[test]
fn configuration_without_a_price_is_refused() {
	assert_refused(|| PricePerByte::set(0), "must not be zero");
	assert_refused(|| RecordBytes::set(0), "must not be zero");
}

#[test]
fn configuration_with_an_overflowing_price_is_refused() {
	assert_refused(|| PricePerByte::set(Balance::MAX), "the largest price overflows");
	assert_refused(|| PricePerByte::set(Balance::MAX / 513), "the largest price overflows");
}

#[test]
fn configuration_without_room_is_refused() {
	assert_refused(|| MaxCodeLength::set(0), "MaxCodeLength must be at least 1");
	assert_refused(|| MaxPageSize::set(0), "MaxPageSize must be at least 1");
}
