//! Which configurations the integrity test accepts and refuses.

use super::*;
use crate::{Call, FullBlockQuota};
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo, Pays},
	traits::{Get, Hooks},
};

/// Runs the integrity test on the default configuration after `change`. The error is its panic
/// message.
fn check(change: impl FnOnce() + Send + 'static) -> Result<(), String> {
	// In a new thread, so that no other test sees the change.
	let test = std::thread::spawn(|| {
		change();
		TtlKv::integrity_test();
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

#[test]
fn configuration_without_lifetimes_is_refused() {
	assert_refused(|| MinTtl::set(0), "MinTtl must be at least 1");
	assert_refused(|| MaxTtl::set(0), "MaxTtl must be at least MinTtl");
	assert_eq!(check(|| MaxTtl::set(1)), Ok(()));
}

#[test]
fn configuration_with_overflowing_rent_is_refused() {
	let most_bytes_and_blocks = 16_896 * u128::from(u32::MAX);
	let highest = u128::MAX / most_bytes_and_blocks;
	assert_eq!(check(move || RentPerByteBlock::set(highest)), Ok(()));
	assert_refused(move || RentPerByteBlock::set(highest + 1), "the largest rent overflows");
}

#[test]
fn configuration_without_pages_is_refused() {
	assert_refused(|| MaxPageSize::set(0), "MaxPageSize must be at least 1");
	assert_refused(|| MaxPageScan::set(0), "MaxPageScan must be at least 1");
	assert_refused(|| MaxBacklogScan::set(0), "MaxBacklogScan must be at least 1");
	assert_refused(|| MaxQueryBytes::set(0), "MaxQueryBytes must be at least 1");
}

#[test]
fn configuration_whose_largest_put_exceeds_the_block_is_refused() {
	let (key, value) = ([0; 128], [0; 16_384]);
	let weight = TtlKv::put_weight(Weights::kv_put_if, &key, &value);
	// The normal class leaves one extrinsic less than three quarters of a block.
	let block = Weight::from_parts(weight.ref_time() / 10 * 17, u64::MAX);
	assert_refused(move || MaxBlock::set(block), "the largest put weighs");
	// 1 byte of index, 2 and 128 of key, 4 and 16,384 of value, 4 of lifetime, 9 of condition.
	let needed = 16_532 + 1_024;
	assert_eq!(check(move || NormalLength::set(needed)), Ok(()));
	assert_refused(move || NormalLength::set(needed - 1), "the largest put has 17556 bytes");
}

/// Each access to an entry counts the overhead of a large state once, and a put or an extension also that of the
/// later removal.
#[test]
fn large_state_makes_calls_and_removals_heavier() {
	let weights = || {
		let key = [0; 32];
		[
			TtlKv::put_weight(Weights::kv_put_ttl, &key, &[0]),
			TtlKv::extend_weight(&key),
			TtlKv::delete_weight(&key),
			TtlKv::removal_weight(),
			TtlKv::reference_weight(),
		]
	};
	let small = weights();
	let overhead = Weight::from_parts(1_000_000, 0);
	LargeStateOverhead::set(overhead);
	let large = weights();
	LargeStateOverhead::set(Weight::zero());
	let times: Vec<_> = large.into_iter().zip(small).map(|(large, small)| large - small).collect();
	assert_eq!(times, [2, 2, 1, 1, 1].map(|count: u64| overhead * count));
}

/// TTL-R18: quota and weight of the sweep cover the references that a block can add.
#[test]
fn configuration_whose_sweep_falls_behind_is_refused() {
	let added = TtlKv::most_references_added();
	assert!(added > 0);
	let quota = u32::try_from(added).expect("a block has no time for more");
	assert_eq!(check(move || SweepQuota::set(quota)), Ok(()));
	assert_refused(move || SweepQuota::set(quota - 1), "raise SweepQuota or SweepWeight");

	let weight = TtlKv::removal_weight().saturating_mul(added) + Weights::sweep_pages(0);
	assert_eq!(check(move || SweepWeight::set(weight)), Ok(()));
	let less = weight - Weight::from_parts(1, 0);
	assert_refused(move || SweepWeight::set(less), "raise SweepQuota or SweepWeight");
}

/// TTL-R18: both parts of the sweep together leave the block within its weight.
#[test]
fn configuration_whose_sweep_exceeds_the_block_is_refused() {
	let rest = || MaxBlock::get() - SweepWeight::get();
	assert_eq!(check(move || IdleSweepWeight::set(rest())), Ok(()));
	assert_refused(
		move || IdleSweepWeight::set(rest() + Weight::from_parts(1, 0)),
		"SweepWeight and IdleSweepWeight add up to",
	);
	assert_eq!(check(|| IdleSweepWeight::set(Weight::zero())), Ok(()));
}

/// TTL-R18: the quota computed from the weights exceeds the references that a block can add.
#[test]
fn quota_of_a_full_block_is_one_more_than_it_can_add() {
	let quota = FullBlockQuota::<Test>::get();
	assert_eq!(u64::from(quota), TtlKv::most_references_added() + 1);
	assert_eq!(check(move || SweepQuota::set(quota)), Ok(()));
	// Also if one extrinsic batches as many of the shortest calls as fit.
	let least = [Weights::kv_put_ttl(1, 1), Weights::kv_put_if(1, 1), Weights::kv_extend(1)]
		.map(|call| (call + TtlKv::removal_weight()).ref_time())
		.into_iter()
		.min()
		.expect("there are calls");
	let normal = TestBlockWeights::get()
		.get(DispatchClass::Normal)
		.max_total
		.expect("ordinary calls get a part of a block");
	assert!(u64::from(quota) > normal.ref_time() / least);
}

/// Every call that adds a reference pays for its later removal.
#[test]
fn weight_of_puts_and_extensions_includes_the_later_removal() {
	let removal = TtlKv::removal_weight();
	assert!(removal.all_gt(Weight::zero()));
	assert!(TtlKv::reference_weight().all_lte(removal));
	let (key, value) = (vec![7; 32], vec![7; 100]);
	let cases: [(Call<Test>, Weight); 4] = [
		(
			Call::kv_put_ttl { key: key.clone(), value: value.clone(), ttl: 1 },
			Weights::kv_put_ttl(32, 100) + removal,
		),
		(
			Call::kv_put_if { key: key.clone(), value, ttl: 1, condition: Condition::Absent },
			Weights::kv_put_if(32, 100) + removal,
		),
		(Call::kv_extend { key: key.clone(), ttl: 1 }, Weights::kv_extend(32) + removal),
		(Call::kv_delete { key }, Weights::kv_delete(32)),
	];
	for (call, weight) in cases {
		let info = call.get_dispatch_info();
		assert_eq!(info.call_weight, weight);
		assert_eq!(info.class, DispatchClass::Normal);
		assert_eq!(info.pays_fee, Pays::Yes);
	}
}

/// ADR 0014: the call refuses an argument that is too long before it reads the bytes.
#[test]
fn weight_of_an_argument_beyond_its_limit_is_that_of_the_limit() {
	let call = Call::<Test>::kv_put_ttl { key: vec![7; 129], value: vec![7; 100_000], ttl: 1 };
	assert_eq!(
		call.get_dispatch_info().call_weight,
		Weights::kv_put_ttl(128, 16_384) + TtlKv::removal_weight()
	);
}
