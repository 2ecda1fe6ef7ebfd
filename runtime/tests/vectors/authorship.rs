//! Which validator may author a block of a slot, and the block's timestamp.

use crate::{
	chain::{self, account, session_keys},
	vector_file::{Check, Nothing},
};
use frame_support::{
	traits::{FindAuthor, Hooks},
	BoundedVec,
};
use gtos_runtime::{Aura, BlockNumber, Hash, Moment, Runtime, RuntimeCall, RuntimeOrigin, System};
use pallet_genesis_parameters::ChainTiming;
use serde::Deserialize;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, Slot};
use sp_runtime::{generic::DigestItem, traits::Dispatchable};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Slot, author and timestamp of a block: CON-R1, CON-R2, CON-R3 and CON-R4.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SlotRule {
	slot_duration_ms: u64,
	authorities: u32,
	disabled: Vec<u32>,
	parent: Parent,
	slot: u64,
	timestamp: Moment,
	author: u32,
	is_accepted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parent {
	slot: u64,
	timestamp: Moment,
}

impl Check for SlotRule {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let accounts = 0..self.authorities as usize;
		chain::with_accounts(Vec::new()).execute_with(|| {
			pallet_genesis_parameters::Timing::<Runtime>::put(ChainTiming {
				slot_duration_ms: self.slot_duration_ms,
				..Default::default()
			});
			let keys: Vec<AuraId> = accounts.clone().map(|i| session_keys(i, 0).aura).collect();
			pallet_aura::Authorities::<Runtime>::set(BoundedVec::truncate_from(keys));
			pallet_aura::CurrentSlot::<Runtime>::put(Slot::from(self.parent.slot));
			pallet_session::Validators::<Runtime>::put(accounts.map(account).collect::<Vec<_>>());
			chain::disable(&self.disabled);
			pallet_timestamp::Now::<Runtime>::put(self.parent.timestamp);

			let digest = chain::digest_of(self.slot);
			let author = <Aura as FindAuthor<u32>>::find_author(
				digest.logs.iter().filter_map(DigestItem::as_pre_runtime),
			);
			assert_eq!(author, Some(self.author));

			System::initialize(&1, &Hash::default(), &digest);
			let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now: self.timestamp });
			let is_accepted = catch_unwind(AssertUnwindSafe(|| {
				<Aura as Hooks<BlockNumber>>::on_initialize(1);
				time.dispatch(RuntimeOrigin::none()).is_ok()
			}));
			assert_eq!(is_accepted.unwrap_or(false), self.is_accepted);
		});
	}
}
