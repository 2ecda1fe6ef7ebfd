//! Worst cases of the hooks.

use crate::*;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{Get, Hooks},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_authorship::EventHandler;
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_runtime::{
	traits::{One, TrailingZeroInput},
	Digest, DigestItem, Perbill,
};
use sp_staking::offence::OffenceSeverity;

/// Puts `n` validators in force, disables a third of them, and gives each the largest counts.
fn validators<T: Config>(n: u32) -> Vec<T::AccountId> {
	let accounts = (0..n).map(|index| account("validator", index, 0)).collect::<Vec<_>>();
	let keys = (0..n)
		.map(|index| {
			T::AuthorityId::decode(&mut TrailingZeroInput::new(&index.to_le_bytes()))
				.expect("any bytes decode as a key")
		})
		.collect::<Vec<_>>();
	pallet_session::Validators::<T>::put(&accounts);
	pallet_aura::Authorities::<T>::put(BoundedVec::truncate_from(keys));
	let severity = OffenceSeverity(Perbill::one());
	let disabled = (0..n.saturating_sub(1) / 3).map(|index| (index, severity)).collect::<Vec<_>>();
	pallet_session::DisabledValidators::<T>::put(disabled);
	let row = SlotCount { produced: u32::MAX / 2, missed: u64::MAX / 2, excused: u64::MAX / 4 };
	CurrentCounts::<T>::put(BoundedVec::truncate_from(alloc::vec![row; n as usize]));
	accounts
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A block after the longest gap that counts.
	#[benchmark]
	fn note_author(n: Linear<1, { <T as pallet_aura::Config>::MaxAuthorities::get() }>) {
		let authors = validators::<T>(n);
		let parent = 1_000_u64;
		pallet_aura::CurrentSlot::<T>::put(sp_consensus_aura::Slot::from(parent));
		// The longest gap that counts: all validators but the author of the block missed a slot.
		let slot = parent + u64::from(n);
		let digest =
			Digest { logs: alloc::vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
		// The first block counts no missed slots, so this is the second.
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::one());
		let number = frame_system::Pallet::<T>::block_number() + One::one();
		frame_system::Pallet::<T>::initialize(&number, &Default::default(), &digest);
		let author = authors[0].clone();

		#[block]
		{
			<Pallet<T> as EventHandler<_, _>>::note_author(author);
			Pallet::<T>::on_initialize(number);
		}

		let counts = CurrentCounts::<T>::get();
		assert_eq!(counts.len(), n as usize);
		let missed = counts.iter().filter(|count| count.missed == u64::MAX / 2 + 1).count();
		assert_eq!(missed as u32, n - 1);
	}

	/// The end of a session in which all validators missed their slots, as the last of a row of such
	/// sessions, so that as many as possible are suspended. The records are full, so each needs room.
	#[benchmark]
	fn end_session(n: Linear<1, { <T as pallet_aura::Config>::MaxAuthorities::get() }>) {
		// Just enough of as many candidates as may be have session keys, so nearly all are looked at.
		let most = (n - 1) / 3;
		for (index, who) in (0..).zip(validators::<T>(n)) {
			T::Candidates::add_candidate(&who);
			if index >= most {
				pallet_session::NextKeys::<T>::remove(&who);
			}
		}
		let needed = T::MinElectable::get().max(T::Candidates::minimum());
		for index in 0..T::MaxCandidates::get().saturating_sub(n) {
			let who: T::AccountId = account("waiting", index, 0);
			T::Candidates::add_candidate(&who);
			if index >= needed {
				pallet_session::NextKeys::<T>::remove(&who);
			}
		}
		let row = SlotCount { produced: 1, missed: u64::MAX / 2, excused: 0 };
		CurrentCounts::<T>::put(BoundedVec::truncate_from(alloc::vec![row; n as usize]));
		SparedSessions::<T>::put(T::OutageSessions::get().saturating_sub(1));
		let returned = |index| Record {
			validator: account("returned", index, 0),
			level: 1,
			standing: Standing::Returned { since: u32::MAX },
		};
		let records = <T as pallet_aura::Config>::MaxAuthorities::get();
		Records::<T>::put(BoundedVec::truncate_from((0..records).map(returned).collect()));

		#[block]
		{
			Pallet::<T>::do_end_session(1);
		}

		let last = LastSession::<T>::get().expect("it has ended");
		assert_eq!(last.validators.len(), n as usize);
		assert_eq!(Pallet::<T>::suspended().len(), most as usize);
	}

	/// `s` suspensions are over, and all of these validators have too little stake to return.
	#[benchmark]
	fn settle_suspensions(s: Linear<0, { <T as pallet_aura::Config>::MaxAuthorities::get() }>) {
		let record = |index| {
			let validator = account("suspended", index, 0);
			T::Candidates::add_candidate(&validator);
			let standing = Standing::Suspended { until: 0, stake: u128::MAX };
			Record { validator, level: 1, standing }
		};
		Records::<T>::put(BoundedVec::truncate_from((0..s).map(record).collect()));

		#[block]
		{
			Pallet::<T>::settle_suspensions();
		}

		assert!(Pallet::<T>::suspended().is_empty());
		assert_eq!(Records::<T>::get().len(), s as usize);
		assert!(!T::Candidates::is_candidate(&account("suspended", 0, 0)));
	}

	/// The last of as many suspended validators as are remembered returns.
	#[benchmark]
	fn rejoin() {
		let most = <T as pallet_aura::Config>::MaxAuthorities::get();
		let record = |index| {
			let standing = Standing::Suspended { until: u32::MAX, stake: 0 };
			Record { validator: account("suspended", index, 0), level: 1, standing }
		};
		Records::<T>::put(BoundedVec::truncate_from((0..most).map(record).collect()));
		let who: T::AccountId = account("suspended", most.saturating_sub(1), 0);
		T::Candidates::add_candidate(&who);

		#[extrinsic_call]
		_(frame_system::RawOrigin::Signed(who.clone()));

		assert!(!Pallet::<T>::is_suspended(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::Chain::of(4).build(), crate::mock::Test);
}
