//! The functions with which a node reports an equivocation: one proves the owner of the key, the
//! other submits the report.

use crate::{configs::consensus::KeyOwners, AuraEquivocation, Block, Grandpa, Hash, Runtime};
use codec::Encode;
use frame_support::traits::KeyOwnerProofSystem;
use pallet_aura_equivocation::EquivocationProofOf;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::{
	AuthorityId as GrandpaId, EquivocationProof, OpaqueKeyOwnershipProof, KEY_TYPE,
};
use sp_runtime::{traits::NumberFor, OpaqueValue};

/// Proves which validator owns a GRANDPA key that is in force in the current session.
pub fn grandpa_key_ownership_proof(authority: GrandpaId) -> Option<OpaqueKeyOwnershipProof> {
	let proof = KeyOwners::prove((KEY_TYPE, authority))?;
	Some(OpaqueKeyOwnershipProof::new(proof.encode()))
}

/// Submits a report of two votes to the node's own pool; `None` if that fails.
pub fn submit_grandpa_report(
	proof: EquivocationProof<Hash, NumberFor<Block>>,
	key_owner: OpaqueKeyOwnershipProof,
) -> Option<()> {
	Grandpa::submit_unsigned_equivocation_report(proof, key_owner.decode()?)
}

/// Proves which validator owns an Aura key that is in force in the current session.
pub fn aura_key_ownership_proof(authority: AuraId) -> Option<OpaqueValue> {
	let proof = AuraEquivocation::key_ownership_proof(authority)?;
	Some(OpaqueValue::new(proof.encode()))
}

/// Submits a report of two headers to the node's own pool; `None` if that fails.
pub fn submit_aura_report(
	proof: EquivocationProofOf<Runtime>,
	key_owner: OpaqueValue,
) -> Option<()> {
	AuraEquivocation::submit_unsigned_report(proof, key_owner.decode()?)
}
