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

	/// A block after a gap in which every validator missed slots.
	#[benchmark]
	fn note_author(n: Linear<1, { <T as pallet_aura::Config>::MaxAuthorities::get() }>) {
		let authors = validators::<T>(n);
		let parent = 1_000_u64;
		pallet_aura::CurrentSlot::<T>::put(sp_consensus_aura::Slot::from(parent));
		let slot = parent + 1 + u64::from(n) * 2;
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
		assert!(counts.iter().all(|count| count.missed == u64::MAX / 2 + 2));
	}

	/// The end of a session in which all validators missed their slots, so that as many as possible are
	/// chilled.
	#[benchmark]
	fn end_session(n: Linear<1, { <T as pallet_aura::Config>::MaxAuthorities::get() }>) {
		for who in validators::<T>(n) {
			T::Candidates::add_candidate(&who);
		}
		let row = SlotCount { produced: 1, missed: u64::MAX / 2, excused: 0 };
		CurrentCounts::<T>::put(BoundedVec::truncate_from(alloc::vec![row; n as usize]));
		let most = ((n - 1) / 3).min(T::Candidates::spare()) as usize;

		#[block]
		{
			Pallet::<T>::do_end_session(1);
		}

		let last = LastSession::<T>::get().expect("it has ended");
		assert_eq!(last.validators.len(), n as usize);
		let candidates = last
			.validators
			.iter()
			.filter(|row| T::Candidates::is_candidate(&row.validator))
			.count();
		assert_eq!(n as usize - candidates, most);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::Chain::of(4).build(), crate::mock::Test);
}
