//! Which configurations the integrity test accepts and refuses.

use super::*;
use frame_support::traits::Hooks;

/// Runs the integrity test on the default configuration after `change`. The error is its panic
/// message.
fn check(change: impl FnOnce() + Send + 'static) -> Result<(), String> {
	// In a new thread, so that no other test sees the change.
	let test = std::thread::spawn(|| {
		change();
		ContractStore::integrity_test();
	});
	test.join().map_err(|reason| {
		reason
			.downcast::<String>()
			.map(|reason| *reason)
			.or_else(|reason| reason.downcast::<&str>().map(|reason| reason.to_string()))
			.expect("the panic has a message")
	})
}

fn assert_refused(change: impl FnOnce() + Send + 'static, reason: &str) {
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
	assert_eq!(check(move || NormalLength::set(needed)), Ok(()));
	assert_refused(move || NormalLength::set(needed - 1), "longer than a block's normal length");
}

#[test]
fn configuration_whose_largest_deployment_exceeds_the_block_is_refused() {
	// A block has three quarters of 800 ms for it. A byte is hashed twice and takes more than 1 ns.
	let too_heavy = 600 * 1024 * 1024;
	assert_refused(
		move || {
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
