//! Worst case of what the length of a report decides.
//!
//! The rest of a report's weight, membership and offence, is counted in `impls`.

use crate::*;
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_system::pallet_prelude::HeaderFor;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_runtime::{
	traits::{Header, One},
	Digest, DigestItem, RuntimeAppPublic,
};

const SLOT: u64 = 7;

/// A sealed header with `length` bytes of digest items that are empty: of all headers of a length the
/// one with most to decode, copy and encode.
fn header<T: Config>(author: &AuthorityId, length: u32, content: u8) -> HeaderFor<T> {
	let mut logs: Vec<DigestItem> =
		vec![CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(Slot::from(SLOT))];
	// Its variant and its length are a byte each.
	logs.extend((0..length / 2).map(|_| DigestItem::Other(Vec::new())));
	logs.push(DigestItem::Other(vec![content]));
	let mut header = HeaderFor::<T>::new(
		One::one(),
		Default::default(),
		Default::default(),
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
		),
		Digest { logs },
	);
	let seal = author.sign(&header.hash().as_ref()).expect("the key has just been generated");
	header.digest_mut().push(DigestItem::aura_seal(seal));
	header
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// Two headers of `l` bytes together, and their parents.
	#[benchmark]
	fn check_headers(l: Linear<0, 1_048_576>) {
		let offender = AuthorityId::generate_pair(None);
		let proof = sp_consensus_slots::EquivocationProof {
			slot: Slot::from(SLOT),
			first_header: header::<T>(&offender, l / 2, 1),
			second_header: header::<T>(&offender, l / 2, 2),
			offender,
		};
		let (shown, known);

		#[block]
		{
			shown = is_equivocation(&proof);
			known = Pallet::<T>::parents(&proof);
		}

		assert!(shown && known.is_some());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
