//! Answers to the runtime API, from the state of the block that is queried.

use crate::*;
use frame_support::traits::KeyOwnerProofSystem;
use sp_consensus_aura::sr25519::AuthorityId;
use sp_core::crypto::key_types;
use sp_session::MembershipProof;

impl<T: Config> Pallet<T> {
	/// Proof that `authority_id` is in force in the session of the state. `None` if it is not.
	pub fn key_ownership_proof(authority_id: AuthorityId) -> Option<MembershipProof> {
		KeyOwners::<T>::prove((key_types::AURA, authority_id))
	}
}
