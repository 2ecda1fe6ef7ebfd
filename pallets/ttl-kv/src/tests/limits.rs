//! The limits of keys, values and lifetimes.

use super::*;
use frame_support::assert_storage_noop;
use sp_runtime::DispatchError;

const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 16_384;
const MAX_TTL: u32 = 31_536_000;

/// Every call that takes a key fails with `error`.
fn assert_key_is_refused(key: &[u8], error: Error<Test>) {
	let error = DispatchError::from(error);
	for (_, put) in PUTS {
		assert_noop!(put(ALICE, key, VALUE, 10), error);
	}
	assert_noop!(extend(ALICE, key, 10), error);
	assert_noop!(delete(ALICE, key), error);
}

/// TTL-R4: a key has 1 to `MaxKeyLength` bytes.
#[test]
fn key_outside_its_limits_is_refused_by_every_call() {
	on_chain(|| {
		assert_key_is_refused(b"", Error::EmptyKey);
		assert_key_is_refused(&[7; MAX_KEY + 1], Error::KeyTooLong);
		assert_key_is_refused(&[7; 100_000], Error::KeyTooLong);
	});
}

/// TTL-R4: both limits of a key are inclusive.
#[test]
fn key_at_or_next_to_its_limits_is_accepted_by_every_call() {
	on_chain(|| {
		for len in [1, 2, 63, 64, MAX_KEY - 1, MAX_KEY] {
			let key = vec![7; len];
			for (_, put) in PUTS {
				assert_ok!(put(ALICE, &key, VALUE, 10));
			}
			assert_ok!(extend(ALICE, &key, 20));
			assert_eq!(get(&ALICE, &key), Some(VALUE.to_vec()));
			assert_ok!(delete(ALICE, &key));
		}
	});
}

/// TTL-R4: a value has at most `MaxValueLength` bytes.
#[test]
fn value_up_to_its_limit_is_accepted_and_beyond_it_refused() {
	with_each_put(|put| {
		for len in [1, 2, 63, 64, MAX_VALUE - 1, MAX_VALUE] {
			let value = vec![7; len];
			assert_ok!(put(ALICE, KEY, &value, 10));
			assert_eq!(get(&ALICE, KEY), Some(value.clone()));
			assert_ok!(put(ALICE, &len.to_le_bytes(), &value, 10));
		}
		for len in [MAX_VALUE + 1, 1_000_000] {
			let value = vec![7; len];
			for key in [KEY, b"new"] {
				assert_noop!(put(ALICE, key, &value, 10), Error::<Test>::ValueTooLong);
			}
		}
	});
}

/// TTL-R5: a lifetime is from `MinTtl` to `MaxTtl`.
#[test]
fn lifetime_outside_its_limits_is_refused() {
	with_each_put(|put| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		for (min, ttl) in [(1, 0), (1, MAX_TTL + 1), (1, u32::MAX), (5, 4), (5, 0)] {
			MinTtl::set(min);
			for key in [KEY, b"new"] {
				assert_noop!(put(ALICE, key, VALUE, ttl), Error::<Test>::TtlOutOfRange);
			}
			assert_noop!(extend(ALICE, KEY, ttl), Error::<Test>::TtlOutOfRange);
		}
	});
}

/// TTL-R5: both limits of a lifetime are inclusive.
#[test]
fn lifetime_at_or_next_to_its_limits_is_accepted() {
	with_each_put(|put| {
		for (min, ttl) in [(1, 1), (1, 2), (5, 5), (5, 6), (1, MAX_TTL - 1), (1, MAX_TTL)] {
			MinTtl::set(min);
			assert_ok!(put(ALICE, KEY, VALUE, ttl));
			assert_eq!(stored(&ALICE, KEY).map(|entry| entry.expires_at), Some(1 + ttl));
			assert_ok!(extend(ALICE, KEY, ttl));
			assert_ok!(delete(ALICE, KEY));
		}
	});
}

/// TTL-R5: an entry can end at height 2^32 - 1 at the latest.
#[test]
fn lifetime_beyond_the_last_height_is_refused() {
	new_chain().execute_with(|| {
		let now = u32::MAX - 10;
		end_block(Weight::zero());
		crate::SweepHeight::<Test>::put(now);
		begin_block(now);
		for ttl in [11, 12, MAX_TTL] {
			for (_, put) in PUTS {
				assert_noop!(put(ALICE, KEY, VALUE, ttl), Error::<Test>::ExpiryOverflow);
			}
			assert_noop!(extend(ALICE, KEY, ttl), Error::<Test>::ExpiryOverflow);
		}
		assert_ok!(put(ALICE, KEY, VALUE, 9));
		assert_ok!(extend(ALICE, KEY, 10));
		assert_eq!(stored(&ALICE, KEY).map(|entry| entry.expires_at), Some(u32::MAX));
	});
}

/// TTL-R9: a put checks the key, then the value, then the lifetime, then the payment.
#[test]
fn put_reports_the_first_check_that_fails() {
	with_each_put(|put| {
		set_free(&ALICE, DEPOSIT);
		let long = vec![7; MAX_VALUE + 1];
		assert_noop!(put(ALICE, b"", &long, 0), Error::<Test>::EmptyKey);
		assert_noop!(put(ALICE, &[7; MAX_KEY + 1], &long, 0), Error::<Test>::KeyTooLong);
		assert_noop!(put(ALICE, &[7; MAX_KEY + 1], b"", 0), Error::<Test>::KeyTooLong);
		assert_noop!(put(ALICE, KEY, b"", 0), Error::<Test>::EmptyValue);
		assert_noop!(put(ALICE, KEY, &long, 0), Error::<Test>::ValueTooLong);
		assert_noop!(put(ALICE, KEY, VALUE, 0), Error::<Test>::TtlOutOfRange);
		assert_noop!(put(ALICE, KEY, VALUE, 1), Error::<Test>::InsufficientBalance);
	});
}

/// TTL-R20: a query for a key that no entry can have finds nothing and does not fail.
#[test]
fn key_outside_its_limits_is_not_found_by_queries() {
	on_chain(|| {
		assert_storage_noop!(for key in [vec![], vec![7; MAX_KEY + 1], vec![7; 1_000_000]] {
			assert_eq!(TtlKv::get(&ALICE, key.clone()), None);
			assert_eq!(TtlKv::metadata(&ALICE, key.clone()), None);
			assert_eq!(TtlKv::proof_key(&ALICE, key), None);
		});
	});
}
