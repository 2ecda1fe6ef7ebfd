//! Runtime API with which a node reports a validator that sealed two blocks in one Aura slot.
//!
//! The rules are in `specs/consensus.md`, CON-R21 and CON-R22.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use sp_consensus_slots::EquivocationProof;

use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::OpaqueValue;

sp_api::decl_runtime_apis! {
	/// Reports of Aura equivocations. The proof of ownership is opaque: only the runtime knows its type.
	#[api_version(1)]
	pub trait AuraEquivocationApi {
		/// Proves that `authority_id` belongs to a validator of the current session of the state.
		///
		/// Call it on the state of the later parent of the two blocks, because a report has to name the
		/// session of that parent. The current runtime ignores `slot`; another one may look up the
		/// session by it.
		fn generate_key_ownership_proof(
			slot: Slot,
			authority_id: AuthorityId,
		) -> Option<OpaqueValue>;

		/// Submits the report to the pool of the node, as an unsigned transaction.
		///
		/// `None` if the proof of ownership does not decode as the type of this runtime, or if the pool
		/// refuses the report because it is invalid or the offence is already known.
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: EquivocationProof<Block::Header, AuthorityId>,
			key_owner_proof: OpaqueValue,
		) -> Option<()>;
	}
}
