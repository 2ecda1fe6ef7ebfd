//! Fees follow the fuller of the weight and the length of blocks (ECO-R2, ECO-R3).

use crate::common::{call_api, chain, run_block, sign};
use codec::Encode;
use frame_support::dispatch::DispatchClass;
use gtos_runtime::{
	configs::RuntimeBlockLength, genesis_config_presets::DEV, AccountId, Balance, Balances, Nonce,
	Runtime, RuntimeCall, System, UncheckedExtrinsic,
};
use pallet_transaction_payment::{FeeDetails, Multiplier, NextFeeMultiplier, RuntimeDispatchInfo};
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::{FixedPointNumber, Saturating};

fn multiplier() -> Multiplier {
	NextFeeMultiplier::<Runtime>::get()
}

fn remark(nonce: Nonce, length: usize) -> UncheckedExtrinsic {
	let remark = vec![0x2e; length];
	sign(Alice, nonce, RuntimeCall::System(frame_system::Call::remark { remark }))
}

/// A remark that fills the length of a block and hardly any of its weight.
fn longest_remark(nonce: Nonce) -> UncheckedExtrinsic {
	let most = *RuntimeBlockLength::get().max.get(DispatchClass::Normal);
	remark(nonce, most as usize - 1_024)
}

/// ECO-R3: 0.0056 % a block, although the blocks are light.
#[test]
fn price_rises_with_each_block_that_is_full_of_remarks() {
	chain(DEV).execute_with(|| {
		let start = Multiplier::from_u32(2);
		NextFeeMultiplier::<Runtime>::put(start);
		let mut last = start;
		for nonce in 0..20 {
			assert_eq!(run_block(0, vec![longest_remark(nonce)]), [Ok(Ok(()))]);
			let factor = multiplier() / last;
			assert!(
				factor > Multiplier::saturating_from_rational(1_000_056, 1_000_000),
				"{factor:?}"
			);
			assert!(
				factor < Multiplier::saturating_from_rational(1_000_057, 1_000_000),
				"{factor:?}"
			);
			last = multiplier();
		}
	});
}

/// ECO-R3: 0.0019 % a block.
#[test]
fn price_of_a_light_chain_falls_to_the_minimum() {
	chain(DEV).execute_with(|| {
		NextFeeMultiplier::<Runtime>::put(Multiplier::saturating_from_rational(1_001, 1_000));
		let mut blocks = 0;
		while multiplier() > Multiplier::from_u32(1) {
			let before = multiplier();
			assert_eq!(run_block(0, vec![remark(blocks, 32)]), [Ok(Ok(()))]);
			assert!(multiplier() < before);
			blocks += 1;
		}
		// ln(1.001) / (75 / 1,000,000 / 4) = 53.3, and the remark counts.
		assert!((53..60).contains(&blocks), "{blocks}");
		run_block(0, vec![]);
		assert_eq!(multiplier(), Multiplier::from_u32(1));
	});
}

/// ECO-R2: the multiplier applies to the length, and a wallet is told so beforehand.
#[test]
fn fee_for_length_follows_the_multiplier_in_estimates_and_charges() {
	let charged_at = |factor: u32| {
		chain(DEV).execute_with(|| {
			NextFeeMultiplier::<Runtime>::put(Multiplier::from_u32(factor));
			let transaction = remark(0, 100_000);
			let length = transaction.encoded_size() as u32;
			let arguments = (transaction.clone(), length).encode();
			let details: FeeDetails<Balance> =
				call_api("TransactionPaymentApi_query_fee_details", &arguments);
			let fee = details.inclusion_fee.expect("it pays");
			assert_eq!(fee.len_fee, Balance::from(factor) * 1_000_000 * Balance::from(length));
			let info: RuntimeDispatchInfo<Balance> =
				call_api("TransactionPaymentApi_query_info", &arguments);
			assert_eq!(info.partial_fee, fee.inclusion_fee());
			let for_length: Balance =
				call_api("TransactionPaymentApi_query_length_to_fee", &length.encode());
			assert_eq!(for_length, fee.len_fee);

			let alice: AccountId = Alice.to_account_id();
			let before = Balances::free_balance(&alice);
			assert_eq!(run_block(0, vec![transaction]), [Ok(Ok(()))]);
			let charged = before - Balances::free_balance(&alice);
			// Weight that was not used is given back.
			assert!(charged <= info.partial_fee && charged > fee.len_fee);
			charged
		})
	};
	let (one, three) = (charged_at(1), charged_at(3));
	assert!(three > 2 * one && three < 3 * one, "{one} {three}");
}

/// ECO-R3: operational transactions fill a block like others; hooks and inherents do not count.
#[test]
fn price_follows_the_weight_of_both_classes_of_transactions() {
	use sp_runtime::traits::Convert;
	type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
	let next = |class: DispatchClass, share: u64| {
		chain(DEV).execute_with(|| {
			let limits = gtos_runtime::configs::RuntimeBlockWeights::get();
			let normal = limits.get(DispatchClass::Normal).max_total.expect("it is limited");
			System::set_block_consumed_resources(normal / 5, 0);
			System::register_extra_weight_unchecked(normal / share, class);
			Update::convert(Multiplier::from_u32(10))
		})
	};
	let before = Multiplier::from_u32(10);
	for class in [DispatchClass::Normal, DispatchClass::Operational] {
		assert!(next(class, 100) < before);
		assert!(next(class, 10) > before);
		// More than the limit counts as the limit.
		assert_eq!(next(class, 1), next(DispatchClass::Normal, 1));
	}
	assert!(next(DispatchClass::Mandatory, 1) < before);
}

/// ECO-R3: a block that holds nothing but operational transactions raises the price.
#[test]
fn price_rises_with_a_block_of_operational_transactions() {
	chain(DEV).execute_with(|| {
		NextFeeMultiplier::<Runtime>::put(Multiplier::from_u32(2));
		// Applying an upgrade that nobody has authorised fails and pays for its whole weight.
		let code = vec![7];
		let call = frame_system::Call::apply_authorized_upgrade { code };
		let results = run_block(0, vec![sign(Alice, 0, RuntimeCall::System(call))]);
		assert!(matches!(results[..], [Ok(Err(_))]), "{results:?}");
		assert!(multiplier() > Multiplier::from_u32(2));
	});
}

/// Blocks that are full of weight count as before.
#[test]
fn fuller_dimension_decides() {
	chain(DEV).execute_with(|| {
		use pallet_transaction_payment::MultiplierUpdate;
		use sp_runtime::traits::Convert;
		type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
		let limits = gtos_runtime::configs::RuntimeBlockWeights::get();
		let weight = limits.get(DispatchClass::Normal).max_total.expect("it is limited");
		let length = *RuntimeBlockLength::get().max.get(DispatchClass::Normal) as usize;
		let next = |weight, length| {
			System::set_block_consumed_resources(weight, length);
			Update::convert(Multiplier::from_u32(10))
		};
		let full = next(weight, length);
		assert_eq!(next(weight, 0), full);
		// The target of an odd length is rounded down.
		assert!(next(weight / 1_000, length) >= full);
		assert!(next(weight / 2, length / 3) < full);
		assert_eq!(next(weight / 2, length / 3), next(weight / 2, 0));
		assert!(next(weight / 5, length / 5) < Multiplier::from_u32(10));
		assert_eq!(Update::min(), Multiplier::from_u32(1));
		assert!(full.saturating_sub(Multiplier::from_u32(10)) > Multiplier::default());
	});
}
