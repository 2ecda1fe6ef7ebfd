//! How a node has a validator held to account that sealed two blocks in one Aura slot.
//!
//! The law is `specs/consensus.md`, CON-R21 and CON-R22.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use sp_consensus_slots::EquivocationProof;

use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_runtime::OpaqueValue;

sp_api::decl_runtime_apis! {
	/// Reports of double seals. The proof of ownership is opaque: only the runtime knows its type.
	#[api_version(1)]
	pub trait AuraEquivocationApi {
		/// Proves that `authority_id` belongs to a validator of the session that the state is in.
		///
		/// To be asked in the state of the later parent of the two blocks, whose session a report
		/// has to name. Today's runtime needs no `slot`; one that looks up a session by it may.
		fn generate_key_ownership_proof(
			slot: Slot,
			authority_id: AuthorityId,
		) -> Option<OpaqueValue>;

		/// Hands the report to the node's own pool, as a transaction without a signature.
		///
		/// `None` if the proof of ownership is none of this runtime's, or if the pool refuses the
		/// report: because it is not valid or no news.
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: EquivocationProof<Block::Header, AuthorityId>,
			key_owner_proof: OpaqueValue,
		) -> Option<()>;
	}
}
