//! Price, credit and payment.

use super::*;
use frame_support::traits::{fungible::MutateFreeze as _, ReservableCurrency as _};

/// What `call` takes from Alice. Checks that the treasury receives it.
fn charge_of(call: impl FnOnce() -> DispatchResult) -> u128 {
	let (alice, treasury) = (free(&ALICE), free(&TREASURY));
	assert_ok!(call());
	let charge = alice - free(&ALICE);
	assert_eq!(free(&TREASURY) - treasury, charge);
	charge
}

/// TTL-R6: overhead, key and value count as bytes.
#[test]
fn rent_is_bytes_times_blocks_times_rate() {
	on_chain(|| {
		// The examples of the specification, in units.
		assert_eq!(charge_of(|| put(ALICE, &[7; 32], &[7; 224], 1)), 512);
		assert_eq!(charge_of(|| put(ALICE, &[8; 32], &[7; 224], 31_536_000)), 16_146_432_000);
		assert_eq!(charge_of(|| put(ALICE, &[7; 128], &[7; 16_384], 31_536_000)), 528_795_648_000);
		assert_eq!(charge_of(|| put(ALICE, &[1], &[1], 1)), 258);
	});
}

/// TTL-R6, TTL-R20: a quote is what a put of a new entry then pays.
#[test]
fn rent_at_any_rate_is_what_the_quote_says() {
	on_chain(|| {
		for rate in [0, 1, 3, 1_000] {
			RentPerByteBlock::set(rate);
			let quote = TtlKv::quote(32, 224, 100).expect("it is in range");
			assert_eq!(quote, 512 * 100 * rate);
			let key = rate.to_le_bytes();
			assert_eq!(
				charge_of(|| put(ALICE, &key, &[7; 240], 100)),
				TtlKv::quote(16, 240, 100).expect("it is in range")
			);
		}
	});
}

/// TTL-R7: bytes and blocks that are already paid for cost nothing.
#[test]
fn overwrite_in_the_same_block_pays_the_difference_only() {
	on_chain(|| {
		assert_eq!(charge_of(|| put(ALICE, KEY, &[7; 100], 10)), rent(3, 100, 10));
		assert_eq!(charge_of(|| put(ALICE, KEY, &[8; 100], 10)), 0);
		assert_eq!(charge_of(|| put(ALICE, KEY, &[8; 101], 10)), 10);
		assert_eq!(charge_of(|| put(ALICE, KEY, &[8; 101], 11)), rent(3, 101, 1));
	});
}

/// TTL-R7: the credit is the rent of the remaining blocks, including the current one.
#[test]
fn overwrite_is_credited_what_is_left() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, &[7; 100], 10));
		go_to(8);
		// The old entry would end at 11, so three blocks are left.
		assert_eq!(
			charge_of(|| put(ALICE, KEY, &[7; 300], 20)),
			rent(3, 300, 20) - rent(3, 100, 3)
		);
		go_to(27);
		assert_eq!(charge_of(|| put(ALICE, KEY, &[7; 10], 5)), rent(3, 10, 5) - rent(3, 300, 1));
	});
}

/// TTL-R7: a credit that exceeds the new rent is lost.
#[test]
fn overwrite_by_less_costs_nothing_and_pays_nothing_back() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, &[7; 1_000], 100));
		assert_eq!(charge_of(|| put(ALICE, KEY, &[7; 10], 10)), 0);
		// From now on the credit is that of the smaller entry.
		assert_eq!(
			charge_of(|| put(ALICE, KEY, &[7; 1_000], 100)),
			rent(3, 1_000, 100) - rent(3, 10, 10)
		);
	});
}

/// TTL-R7: the charge is the difference, which can be 0.
#[test]
fn overwrite_that_costs_exactly_the_credit_costs_nothing() {
	on_chain(|| {
		// 2 * 300 * 10 = 300 * 20.
		assert_ok!(put(ALICE, KEY, &[7; 600 - 256 - 3], 10));
		assert_eq!(charge_of(|| put(ALICE, KEY, &[7; 300 - 256 - 3], 20)), 0);
		assert_eq!(charge_of(|| put(ALICE, KEY, &[7; 301 - 256 - 3], 20)), 20);
	});
}

/// TTL-R7, ADR 0010: many short extensions cost as much as one long put.
#[test]
fn extending_block_by_block_costs_what_one_put_does() {
	on_chain(|| {
		let mut paid = charge_of(|| put(ALICE, KEY, VALUE, 10));
		for _ in 0..20 {
			next_block();
			paid += charge_of(|| extend(ALICE, KEY, 10));
		}
		assert_eq!(paid, rent(3, 5, 30));
	});
}

/// TTL-R7: rent and credit both use the current rate.
#[test]
fn credit_is_counted_at_the_rate_of_the_block() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		RentPerByteBlock::set(3);
		assert_eq!(charge_of(|| put(ALICE, KEY, VALUE, 10)), 0);
		assert_eq!(charge_of(|| extend(ALICE, KEY, 11)), 3 * rent(3, 5, 1));
	});
}

/// TTL-R8: a put with one unit less than needed fails; with exactly enough, or one unit more, it succeeds.
#[test]
fn payment_leaves_the_existential_deposit_or_fails() {
	let charge = rent(3, 5, 10);
	for (funds, paid) in [(charge - 1, false), (charge, true), (charge + 1, true)] {
		with_each_put(|put| {
			set_free(&ALICE, DEPOSIT + funds);
			if paid {
				assert_ok!(put(ALICE, KEY, VALUE, 10));
				assert_eq!(free(&ALICE), DEPOSIT + funds - charge);
			} else {
				assert_noop!(put(ALICE, KEY, VALUE, 10), Error::<Test>::InsufficientBalance);
			}
			assert!(System::account_exists(&ALICE));
		});
	}
}

/// TTL-R8, STA-R7: funds that are frozen or on hold cannot be spent.
#[test]
fn payment_takes_nothing_that_is_held_or_frozen() {
	let charge = rent(3, 5, 10);
	on_chain(|| {
		set_free(&ALICE, 3 * DEPOSIT + charge - 1);
		assert_ok!(Balances::set_freeze(&(), &ALICE, 3 * DEPOSIT));
		assert_noop!(put(ALICE, KEY, VALUE, 10), Error::<Test>::InsufficientBalance);
		assert_ok!(Balances::set_freeze(&(), &ALICE, 3 * DEPOSIT - 1));
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(Balances::thaw(&(), &ALICE));
	});
	on_chain(|| {
		set_free(&ALICE, 3 * DEPOSIT + charge);
		assert_ok!(Balances::reserve(&ALICE, 2 * DEPOSIT + 1));
		assert_noop!(put(ALICE, KEY, VALUE, 10), Error::<Test>::InsufficientBalance);
		Balances::unreserve(&ALICE, 1);
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_eq!(Balances::reserved_balance(&ALICE), 2 * DEPOSIT);
	});
}

/// TTL-R8: a charge of 0 always succeeds.
#[test]
fn charge_of_nothing_succeeds_without_spendable_funds() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		set_free(&ALICE, DEPOSIT);
		assert_ok!(put(ALICE, KEY, b"v", 10));
		assert_ok!(extend(ALICE, KEY, 5));
		assert_ok!(delete(ALICE, KEY));
		assert_eq!(free(&ALICE), DEPOSIT);
	});
}

/// TTL-R6: the rent of the largest entry for the longest time does not overflow.
#[test]
fn rent_of_the_largest_entry_is_exact() {
	on_chain(|| {
		assert_eq!(TtlKv::rent(16_768, u32::MAX), 16_768 * u128::from(u32::MAX));
	});
}
