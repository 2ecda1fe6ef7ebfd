//! The upgrade itself: first with all checks of migrations and invariants, then block by block, as the chain would do it.

use crate::{
	execution::{storage_key, Chain, Change, Header},
	state::State,
};
use codec::Encode;
use frame_support::{dispatch::PerDispatchClass, weights::Weight};
use frame_try_runtime::UpgradeCheckSelect;
use serde::Serialize;
use sp_consensus_aura::AURA_ENGINE_ID;
use sp_core::H256;
use sp_inherents::InherentData;
use sp_runtime::{
	generic::{Digest, DigestItem},
	traits::Header as _,
	ApplyExtrinsicResult, ExtrinsicInclusionMode, OpaqueExtrinsic,
};
use std::{collections::BTreeMap, time::Instant};

/// Blocks that are built after the migrations have ended.
const BLOCKS_AFTER: u32 = 3;

/// What the upgrade has done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
	/// Most weight of a block.
	max_weight_ps: u64,
	/// Weight of the migrations that run in one block, as they declare it.
	single_block_weight_ps: u64,
	/// The blocks that were built with the new code.
	blocks: Vec<BuiltBlock>,
	/// Written and removed keys by the first 32 bytes of their storage key.
	changed_storage: BTreeMap<String, Changed>,
}

/// A block with inherents only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BuiltBlock {
	height: u32,
	weight_ps: u64,
	milliseconds: u64,
	/// Whether a migration over several blocks is running after it.
	is_migrating: bool,
}

/// What has changed below a storage prefix.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
	added: u32,
	rewritten: u32,
	removed: u32,
	bytes: i64,
}

/// Takes the state through the upgrade. Adds to `unsafe_` what is unsafe. Fails if the upgrade itself does.
pub fn simulate(
	state: &State,
	code: Vec<u8>,
	max_blocks: u32,
	unsafe_: &mut Vec<String>,
) -> Result<Outcome, String> {
	eprintln!("==> Migrations of one block, with all checks");
	let mut checked = Chain::new(state.backend.clone(), code.clone());
	let (weight, max) = checks(&mut checked).unwrap_or_else(|error| {
		unsafe_.push(error);
		(Weight::zero(), Weight::MAX)
	});
	if weight.any_gt(max) {
		unsafe_.push(format!("the migrations of one block weigh {weight}; a block has {max}"));
	}

	eprintln!("==> Blocks with the new code");
	let mut chain = Chain::new(state.backend.clone(), code);
	let mut outcome = Outcome {
		max_weight_ps: max.ref_time(),
		single_block_weight_ps: weight.ref_time(),
		blocks: Vec::new(),
		changed_storage: BTreeMap::new(),
	};
	if let Err(error) = build(&mut chain, state, max, max_blocks, &mut outcome.blocks, unsafe_) {
		unsafe_.push(error);
		return Ok(outcome);
	}
	eprintln!("==> All checks again, on the migrated state");
	for Change { key, before, after } in chain.changed() {
		let prefix = hex(&key[..key.len().min(32)]);
		let changed = outcome.changed_storage.entry(prefix).or_default();
		let length = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, |bytes| bytes.len() as i64);
		changed.bytes += length(&after) - length(&before);
		match (before, after) {
			(None, _) => changed.added += 1,
			(_, None) => changed.removed += 1,
			_ => changed.rewritten += 1,
		}
	}
	// Migrations recognise what is done already, so this finds what the blocks have left wrong.
	if let Err(error) = checks(&mut chain) {
		unsafe_.push(format!("after the migrations: {error}"));
	}
	Ok(outcome)
}

fn checks(chain: &mut Chain) -> Result<(Weight, Weight), String> {
	chain.call("TryRuntime_on_runtime_upgrade", &UpgradeCheckSelect::All.encode())
}

/// Builds blocks until the migrations have ended, and a few more.
fn build(
	chain: &mut Chain,
	state: &State,
	max: Weight,
	max_blocks: u32,
	blocks: &mut Vec<BuiltBlock>,
	unsafe_: &mut Vec<String>,
) -> Result<(), String> {
	let slot_duration_ms: u64 = chain.call("AuraApi_slot_duration", &[])?;
	let mut slot: u64 = chain.value("Aura", "CurrentSlot")?.unwrap_or(0);
	let (mut height, mut parent) = (state.height, state.hash);
	let mut ended_at = None;
	loop {
		height += 1;
		slot += 1;
		let start = Instant::now();
		let header = build_block(chain, height, parent, slot, slot_duration_ms)?;
		let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
		parent = header.hash();
		let weight: PerDispatchClass<Weight> =
			chain.value("System", "BlockWeight")?.unwrap_or_default();
		let is_migrating = chain.storage(&storage_key("Migrations", "Cursor")).is_some();
		let weight = weight.total();
		blocks.push(BuiltBlock {
			height,
			weight_ps: weight.ref_time(),
			milliseconds,
			is_migrating,
		});
		if weight.any_gt(max) {
			unsafe_.push(format!("block {height} weighs {weight}; a block has {max}"));
		}
		if milliseconds > slot_duration_ms {
			unsafe_.push(format!(
				"block {height} takes {milliseconds} ms; a slot has {slot_duration_ms}"
			));
		}
		if !is_migrating {
			let ended = *ended_at.get_or_insert(height);
			if height >= ended + BLOCKS_AFTER {
				break;
			}
		}
		if blocks.len() >= max_blocks as usize {
			return Err(format!("the migrations have not ended after {max_blocks} blocks"));
		}
	}
	if chain.storage(&storage_key("Upgrades", "ClosedPallets")).is_some() {
		unsafe_.push("pallets stay closed: a migration over several blocks has failed".into());
	}
	Ok(())
}

/// Builds a block with inherents only.
fn build_block(
	chain: &mut Chain,
	height: u32,
	parent: H256,
	slot: u64,
	slot_duration_ms: u64,
) -> Result<Header, String> {
	let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
	let header = Header::new(height, H256::zero(), H256::zero(), parent, digest);
	let _: ExtrinsicInclusionMode = chain.call("Core_initialize_block", &header.encode())?;
	let mut data = InherentData::new();
	data.put_data(*b"timstap0", &(slot * slot_duration_ms)).map_err(|error| error.to_string())?;
	let inherents: Vec<OpaqueExtrinsic> =
		chain.call("BlockBuilder_inherent_extrinsics", &data.encode())?;
	for inherent in inherents {
		let applied: ApplyExtrinsicResult =
			chain.call("BlockBuilder_apply_extrinsic", &inherent.encode())?;
		applied
			.map_err(|error| format!("{error:?}"))
			.and_then(|dispatched| dispatched.map_err(|error| format!("{error:?}")))
			.map_err(|error| format!("an inherent of block {height} fails: {error}"))?;
	}
	chain.call("BlockBuilder_finalize_block", &[])
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
