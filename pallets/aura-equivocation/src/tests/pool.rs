//! Unsigned reports in the pool and in a block (CON-R22).
#![allow(deprecated, reason = "see the pallet: `validate_unsigned` has no successor here yet")]

use super::*;
use crate::WeightInfo;
use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	weights::Weight,
};
use frame_system::CheckWeight;
use sp_consensus_aura::Slot;
use sp_core::{
	offchain::{testing::TestTransactionPoolExt, TransactionPoolExt},
	Pair,
};
use sp_runtime::{
	traits::{Header as _, TransactionExtension, ValidateUnsigned},
	transaction_validity::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityError,
		ValidTransaction,
	},
	DigestItem,
};

fn unsigned(proof: &Proof, owner: &MembershipProof) -> Call<Test> {
	Call::report_equivocation_unsigned {
		equivocation_proof: Box::new(proof.clone()),
		key_owner_proof: owner.clone(),
	}
}

fn validate(
	source: TransactionSource,
	call: &Call<Test>,
) -> Result<ValidTransaction, TransactionValidityError> {
	<AuraEquivocation as ValidateUnsigned>::validate_unsigned(source, call)
}

/// CON-R22: a pool accepts unsigned reports of its own node only and does not propagate them.
#[test]
fn unsigned_report_of_another_node_is_refused() {
	on_chain(|| {
		go_to(8);
		let call = unsigned(&equivocation(2, 101), &owner(2));
		assert_eq!(
			validate(TransactionSource::External, &call),
			Err(InvalidTransaction::Call.into())
		);
		for source in [TransactionSource::Local, TransactionSource::InBlock] {
			assert_eq!(
				validate(source, &call),
				Ok(ValidTransaction {
					priority: TransactionPriority::MAX,
					requires: vec![],
					provides: vec![
						("AuraEquivocation", (key(2).public(), Slot::from(101))).encode()
					],
					// The parent is block 7, whose hash is stored until block 48.
					longevity: 40,
					propagate: false,
				})
			);
		}
		assert_ok!(<AuraEquivocation as ValidateUnsigned>::pre_dispatch(&call));
	})
}

/// CON-R22: a report is valid as long as the hashes of both parents are stored.
#[test]
fn longevity_of_two_parents_ends_with_the_earlier() {
	on_chain(|| {
		go_to(9);
		let call = unsigned(&equivocation_on(2, 101, [5, 8]), &owner(2));
		let longevity = validate(TransactionSource::Local, &call).map(|valid| valid.longevity);
		assert_eq!(longevity, Ok(37));
	})
}

/// CON-R22: an invalid unsigned report makes a block invalid.
#[test]
fn invalid_report_is_kept_out_of_pool_and_block() {
	on_chain(|| {
		go_to(8);
		let mut forged = equivocation(2, 101);
		forged.offender = key(3).public();
		let foreign = Proof {
			second_header: seal(unsealed(101, 8, sp_core::H256::repeat_byte(1), 2), &key(2)),
			..equivocation(2, 101)
		};
		let mut long = unsealed(101, 8, System::block_hash(7), 2);
		long.digest_mut().push(DigestItem::Other(vec![0; MAX_HEADER_BYTES]));
		let padded = Proof { second_header: seal(long, &key(2)), ..equivocation(2, 101) };
		for call in [
			unsigned(&padded, &owner(2)),
			unsigned(&forged, &owner(3)),
			unsigned(&foreign, &owner(2)),
			unsigned(&equivocation(2, 101), &owner(3)),
		] {
			let bad = Err(InvalidTransaction::BadProof.into());
			assert_eq!(validate(TransactionSource::Local, &call).map(drop), bad);
			assert_eq!(<AuraEquivocation as ValidateUnsigned>::pre_dispatch(&call), bad);
		}
	})
}

/// CON-R22: an unsigned report of a known offence is stale.
#[test]
fn report_of_a_known_offence_is_stale() {
	on_chain(|| {
		go_to(8);
		let call = unsigned(&equivocation(2, 101), &owner(2));
		assert_ok!(report_unsigned(&equivocation(2, 101), &owner(2)));
		let stale = Err(InvalidTransaction::Stale.into());
		assert_eq!(validate(TransactionSource::Local, &call).map(drop), stale);
		assert_eq!(<AuraEquivocation as ValidateUnsigned>::pre_dispatch(&call), stale);
	})
}

#[test]
fn signed_form_is_not_valid_unsigned() {
	on_chain(|| {
		go_to(8);
		let call = Call::report_equivocation {
			equivocation_proof: Box::new(equivocation(2, 101)),
			key_owner_proof: owner(2),
		};
		let not_this = Err(InvalidTransaction::Call.into());
		assert_eq!(validate(TransactionSource::Local, &call).map(drop), not_this);
		assert_eq!(<AuraEquivocation as ValidateUnsigned>::pre_dispatch(&call), not_this);
	})
}

/// CON-R22: the pool accepts a report of a future slot, because it does not know the slot of the block
/// that will contain the report.
#[test]
fn report_of_a_future_slot_is_kept_out_of_the_block_only() {
	on_chain(|| {
		go_to(8);
		let now = *pallet_aura::CurrentSlot::<Test>::get();
		let call = unsigned(&equivocation(2, now + 1), &owner(2));
		let bad = Err(InvalidTransaction::BadProof.into());
		assert_eq!(<AuraEquivocation as ValidateUnsigned>::pre_dispatch(&call), bad);

		// `validate_transaction` runs in a block without a digest.
		System::initialize(&9, &Default::default(), &Default::default());
		assert_ok!(validate(TransactionSource::Local, &call));
	})
}

/// A node that observes an equivocation submits an unsigned report.
#[test]
fn report_reaches_the_pool_as_a_bare_transaction() {
	let (pool, state) = TestTransactionPoolExt::new();
	let mut chain = new_test_ext();
	chain.register_extension(TransactionPoolExt::new(pool));
	chain.execute_with(|| {
		go_to(8);
		let (proof, owner) = (equivocation(2, 101), owner(2));
		assert_eq!(
			AuraEquivocation::submit_unsigned_report(proof.clone(), owner.clone()),
			Some(())
		);
		let expected = sp_runtime::testing::TestXt::<RuntimeCall, ()>::new_bare(
			unsigned(&proof, &owner).into(),
		);
		assert_eq!(state.read().transactions, [expected.encode()]);
	})
}

/// CON-R22: the weight is that of the longest report, whatever the reporter sends and claims.
#[test]
fn weight_of_a_report_is_that_of_the_longest() {
	on_chain(|| {
		go_to(8);
		let weight = |owner: MembershipProof| {
			unsigned(&equivocation(2, 101), &owner).get_dispatch_info().call_weight.ref_time()
		};
		let honest = weight(owner(2));
		assert_eq!(weight(MembershipProof { validator_count: 0, ..owner(2) }), honest);
		let mut longer = owner(2);
		longer.trie_nodes.push(vec![0; MAX_NODE_BYTES]);
		assert_eq!(weight(longer), honest);
		// An unsigned report is checked twice.
		let headers = <() as WeightInfo>::check_headers(2 * MAX_HEADER_BYTES as u32).ref_time();
		let offence = AuraEquivocation::offence_weight().ref_time();
		assert!(honest > 2 * headers + offence);
		// CON-R20: one validator is chilled, however many have been reported for the slot.
		ChillWeight::mutate(|weight| *weight = weight.saturating_mul(2));
		assert_eq!(weight(owner(2)), honest + 100_000_000);
	})
}

/// CON-R22: a report that may take longer than a short block still fits one whose hooks declare a full block.
#[test]
fn report_fits_beside_hooks_that_declare_a_full_block() {
	on_chain(|| {
		go_to(8);
		let info =
			|| RuntimeCall::from(unsigned(&equivocation(2, 101), &owner(2))).get_dispatch_info();
		let uncapped = info().call_weight;
		let block = Weight::from_parts(uncapped.ref_time(), u64::MAX);
		let short = block_weights(block);
		TestBlockWeights::set(short.clone());
		let normal = short.get(DispatchClass::Normal);
		let reserved = normal.reserved.expect("it is set");
		assert!(uncapped.any_gt(reserved));
		// 2 ms are left for the extensions of a signed report.
		let left = reserved.ref_time() - normal.base_extrinsic.ref_time() - 2_000_000_000;
		assert_eq!(info().call_weight.ref_time(), left);

		let hooks = Weight::from_parts(block.ref_time(), 0);
		System::register_extra_weight_unchecked(hooks, DispatchClass::Mandatory);
		let call = RuntimeCall::from(unsigned(&equivocation(2, 101), &owner(2)));
		let enter = |info| CheckWeight::<Test>::bare_validate_and_prepare(&call, &info, 1_000);
		// A heavier one does not fit, so the limit counts.
		let mut heavier = info();
		heavier.call_weight.saturating_accrue(Weight::from_parts(2_000_000_001, 0));
		assert_eq!(enter(heavier), Err(InvalidTransaction::ExhaustsResources.into()));
		assert_ok!(enter(info()));
	})
}
