//! Who may author, what makes a block final, when sets change, and what an offence costs.

use crate::{
	chain::{self, account},
	hashing::ed25519_public,
	transactions::{module_error, sign},
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::{DecodeAll, Encode};
use finality_grandpa::{Message, Precommit, Prevote, PrimaryPropose};
use frame_support::{
	traits::{FindAuthor, Hooks, KeyOwnerProofSystem},
	BoundedVec,
};
use gtos_runtime::{
	configs::consensus::KeyOwners, AccountId, Aura, BlockNumber, Grandpa, Hash, Moment, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeOrigin, Session, SessionKeys, Staking, System,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_session::disabling::DisablingStrategy;
use pallet_staking::EraInfo;
use serde::Deserialize;
use sp_consensus_aura::{sr25519::AuthorityId as AuraId, Slot, AURA_ENGINE_ID};
use sp_consensus_grandpa::{AuthorityId as GrandpaId, EquivocationProof};
use sp_core::{
	crypto::{
		key_types::{AURA, GRANDPA},
		ByteArray,
	},
	sr25519,
};
use sp_runtime::{
	generic::{Digest, DigestItem},
	traits::Dispatchable,
	Perbill,
};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity},
	EraIndex, Exposure, SessionIndex,
};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Session keys of a validator: the `number`-th that it sets.
pub fn session_keys(validator: usize, number: u32) -> SessionKeys {
	let key =
		|kind: &str| sp_crypto_hashing::blake2_256(&(kind, validator as u64, number).encode());
	SessionKeys {
		aura: sr25519::Public::from_raw(key("aura")).into(),
		grandpa: sp_core::ed25519::Public::from_raw(key("grandpa")).into(),
	}
}

/// Slot, author and time of a block on its parent.
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
			let severity = OffenceSeverity(Perbill::from_percent(1));
			let disabled: Vec<_> = self.disabled.iter().map(|i| (*i, severity)).collect();
			pallet_session::DisabledValidators::<Runtime>::put(disabled);
			pallet_timestamp::Now::<Runtime>::put(self.parent.timestamp);

			let slot = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(self.slot).encode());
			let digest = Digest { logs: vec![slot] };
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

/// Sessions, eras, keys and sets, block by block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EraTransition {
	session_length_blocks: u32,
	sessions_per_era: u32,
	validators: usize,
	changes: Vec<Change>,
	at: Vec<At>,
}

/// What is set before the hooks of a block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Change {
	block: BlockNumber,
	minimum_validator_count: Option<u32>,
	#[serde(default)]
	keys: Vec<KeyChange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyChange {
	validator: usize,
	number: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct At {
	block: BlockNumber,
	session: SessionIndex,
	active_era: EraIndex,
	planned_era: EraIndex,
	/// Whose validators authored the block.
	responsible_era: EraIndex,
	set_id: u64,
	failed_elections: usize,
	/// Number of the keys that each validator signs with.
	keys: Vec<u32>,
}

fn active_era() -> EraIndex {
	pallet_staking::ActiveEra::<Runtime>::get().expect("genesis begins an era").index
}

impl EraTransition {
	fn look(&self, block: BlockNumber, responsible_era: EraIndex) -> At {
		let authorities = pallet_aura::Authorities::<Runtime>::get();
		let number_in_use = |validator: usize| {
			(0..10).find(|number| authorities.contains(&session_keys(validator, *number).aura))
		};
		At {
			block,
			session: pallet_session::CurrentIndex::<Runtime>::get(),
			active_era: active_era(),
			planned_era: pallet_staking::CurrentEra::<Runtime>::get()
				.expect("genesis plans an era"),
			responsible_era,
			set_id: pallet_grandpa::CurrentSetId::<Runtime>::get(),
			failed_elections: System::events()
				.iter()
				.filter(|record| {
					let failed = pallet_staking::Event::StakingElectionFailed;
					record.event == RuntimeEvent::Staking(failed)
				})
				.count(),
			keys: (0..self.validators)
				.map(|validator| number_in_use(validator).expect("every validator signs"))
				.collect(),
		}
	}
}

impl Check for EraTransition {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let timing = ChainTiming {
			session_length_blocks: self.session_length_blocks,
			sessions_per_era: self.sessions_per_era,
			..Default::default()
		};
		let keys: Vec<SessionKeys> = (0..self.validators).map(|v| session_keys(v, 0)).collect();
		chain::network(&keys, timing).execute_with(|| {
			pallet_timestamp::Now::<Runtime>::put(1_800_000_000_000);
			let last = self.at.last().expect("something is looked at").block;
			for block in 1..=last {
				System::set_block_number(block);
				for change in self.changes.iter().filter(|change| change.block == block) {
					if let Some(count) = change.minimum_validator_count {
						pallet_staking::MinimumValidatorCount::<Runtime>::put(count);
					}
					for keys in &change.keys {
						pallet_session::NextKeys::<Runtime>::insert(
							account(keys.validator),
							session_keys(keys.validator, keys.number),
						);
					}
				}
				let responsible_era = active_era();
				<Session as Hooks<BlockNumber>>::on_initialize(block);
				<Staking as Hooks<BlockNumber>>::on_finalize(block);
				<Grandpa as Hooks<BlockNumber>>::on_finalize(block);
				if let Some(expected) = self.at.iter().find(|at| at.block == block) {
					assert_eq!(self.look(block, responsible_era), *expected);
				}
			}
		});
	}
}

/// What a GRANDPA authority signs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Vote {
	vote: String,
	block_hash: Bytes,
	number: BlockNumber,
	round: Decimal,
	set_id: Decimal,
	payload: Bytes,
	seed: Bytes,
	public_key: Bytes,
	signature: Bytes,
}

impl Check for Vote {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let (target_hash, target_number) = (self.block_hash.hash(), self.number);
		let message = match self.vote.as_str() {
			"prevote" => Message::Prevote(Prevote { target_hash, target_number }),
			"precommit" => Message::Precommit(Precommit { target_hash, target_number }),
			"primaryPropose" => {
				Message::PrimaryPropose(PrimaryPropose { target_hash, target_number })
			},
			vote => panic!("unknown vote {vote}"),
		};
		let (round, set_id) = (self.round.u64(), self.set_id.u64());
		let payload = sp_consensus_grandpa::localized_payload(round, set_id, &message);
		assert_eq!(payload, self.payload.0);
		let (signer, signature) = sign("ed25519", &self.seed.0, &payload);
		let key: &[u8] = signer.as_ref();
		assert_eq!(key, self.public_key.0);
		// The first byte names the scheme.
		assert_eq!(signature.encode()[1..], self.signature.0);
		let authority = GrandpaId::from(ed25519_public(&self.public_key));
		let signature = sp_core::ed25519::Signature::from_raw(self.signature.array()).into();
		assert!(sp_consensus_grandpa::check_message_signature(
			&message, &authority, &signature, round, set_id,
		)
		.is_valid());
	}
}

fn decode_proof(proof: &Bytes) -> EquivocationProof<Hash, BlockNumber> {
	DecodeAll::decode_all(&mut &proof.0[..]).expect("it is a proof")
}

/// A proof that an authority voted twice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Equivocation {
	set_id: u64,
	round: u64,
	offender: Bytes,
	proof: Bytes,
	is_valid: bool,
}

impl Check for Equivocation {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let proof = decode_proof(&self.proof);
		assert_eq!(proof.encode(), self.proof.0);
		assert_eq!((proof.set_id(), proof.round()), (self.set_id, self.round));
		assert_eq!(proof.offender(), &GrandpaId::from(ed25519_public(&self.offender)));
		assert_eq!(sp_consensus_grandpa::check_equivocation_proof(proof), self.is_valid);
	}
}

fn decode_double_seal(proof: &Bytes) -> pallet_aura_equivocation::EquivocationProofOf<Runtime> {
	DecodeAll::decode_all(&mut &proof.0[..]).expect("it is a proof")
}

/// A proof that an authority sealed two blocks of one slot.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DoubleSeal {
	slot: u64,
	offender: Bytes,
	proof: Bytes,
	is_valid: bool,
}

impl Check for DoubleSeal {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let proof = decode_double_seal(&self.proof);
		assert_eq!(proof.encode(), self.proof.0);
		assert_eq!((*proof.slot, proof.offender.to_raw_vec()), (self.slot, self.offender.0));
		assert_eq!(pallet_aura_equivocation::is_equivocation(&proof), self.is_valid);
	}
}

/// Reports of double votes or double seals, one after the other, in session 0 of a chain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report {
	offence: Offence,
	/// Keys of the validators, with which they vote or seal.
	keys: Vec<Bytes>,
	block_hashes: Vec<BlockHash>,
	steps: Vec<ReportStep>,
	/// Those who stand for election in the end.
	candidates: Vec<usize>,
	/// What each validator is slashed in the end, in parts of 10^9.
	slash_fractions: Vec<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Offence {
	Aura,
	Grandpa,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockHash {
	number: BlockNumber,
	hash: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReportStep {
	name: String,
	proof: Bytes,
	/// Validator whose key ownership is proved along.
	key_owner: usize,
	error: Option<PalletError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PalletError {
	pallet: String,
	error: String,
}

impl Report {
	fn session_keys(&self) -> Vec<SessionKeys> {
		let keys = self.keys.iter().enumerate();
		keys.map(|(index, key)| match self.offence {
			Offence::Aura => {
				let aura = sr25519::Public::from_raw(key.array()).into();
				SessionKeys { aura, ..session_keys(index, 0) }
			},
			Offence::Grandpa => {
				SessionKeys { grandpa: ed25519_public(key).into(), ..session_keys(index, 0) }
			},
		})
		.collect()
	}

	/// The call that makes a step's report.
	fn call(&self, step: &ReportStep) -> RuntimeCall {
		let kind = match self.offence {
			Offence::Aura => AURA,
			Offence::Grandpa => GRANDPA,
		};
		let key_owner_proof = KeyOwners::prove((kind, &self.keys[step.key_owner].0))
			.expect("the key is a validator's");
		match self.offence {
			Offence::Aura => RuntimeCall::AuraEquivocation(
				pallet_aura_equivocation::Call::report_equivocation_unsigned {
					equivocation_proof: Box::new(decode_double_seal(&step.proof)),
					key_owner_proof,
				},
			),
			Offence::Grandpa => {
				RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation_unsigned {
					equivocation_proof: Box::new(decode_proof(&step.proof)),
					key_owner_proof,
				})
			},
		}
	}
}

impl Check for Report {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		chain::network(&self.session_keys(), ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			for block in &self.block_hashes {
				frame_system::BlockHash::<Runtime>::insert(block.number, block.hash.hash());
			}
			for step in &self.steps {
				let result = self.call(step).dispatch(RuntimeOrigin::none());
				let error = result.err().map(|failure| failure.error.encode());
				let expected = step.error.as_ref().map(|e| module_error(&e.pallet, &e.error));
				assert_eq!(error, expected, "{}", step.name);
			}

			let validators = 0..self.keys.len();
			let is_candidate = |index: &usize| {
				pallet_staking::Validators::<Runtime>::contains_key(account(*index))
			};
			let candidates: Vec<usize> = validators.clone().filter(is_candidate).collect();
			assert_eq!(candidates, self.candidates);
			let fractions: Vec<u32> = validators
				.map(|index| {
					let slash = pallet_staking::ValidatorSlashInEra::<Runtime>::get(
						active_era(),
						account(index),
					);
					slash.map_or(0, |(fraction, _)| fraction.deconstruct())
				})
				.collect();
			assert_eq!(fractions, self.slash_fractions);
		});
	}
}

/// Who is disabled for an offence, and who may author again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabling {
	authorities: usize,
	disabled: Vec<Disabled>,
	offender: usize,
	/// In parts of 10^9.
	fraction: u32,
	disable: Option<u32>,
	enable: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disabled {
	validator: u32,
	fraction: u32,
}

impl Check for Disabling {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let severity = |fraction| OffenceSeverity(Perbill::from_parts(fraction));
		chain::with_accounts(Vec::new()).execute_with(|| {
			let validators: Vec<AccountId> = (0..self.authorities).map(account).collect();
			pallet_session::Validators::<Runtime>::put(validators);
			let disabled: Vec<_> =
				self.disabled.iter().map(|one| (one.validator, severity(one.fraction))).collect();
			let decision =
				<<Runtime as pallet_session::Config>::DisablingStrategy as DisablingStrategy<
					Runtime,
				>>::decision(&account(self.offender), severity(self.fraction), &disabled);
			assert_eq!(decision.disable, self.disable);
			assert_eq!(decision.reenable, self.enable);
		});
	}
}

/// The era in which a slash is applied.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SlashDeferral {
	slash_defer_duration_eras: u32,
	active_era: EraIndex,
	era_starts: Vec<EraStart>,
	offence_session: SessionIndex,
	offence_era: EraIndex,
	/// None: at once.
	due_era: Option<EraIndex>,
	is_disabled: bool,
	is_taken: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraStart {
	era: EraIndex,
	session: SessionIndex,
}

impl Check for SlashDeferral {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let timing = ChainTiming {
			slash_defer_duration_eras: self.slash_defer_duration_eras,
			..Default::default()
		};
		let keys: Vec<SessionKeys> = (0..4).map(|v| session_keys(v, 0)).collect();
		let offender = account(2);
		chain::network(&keys, timing).execute_with(|| {
			System::set_block_number(1);
			for start in &self.era_starts {
				pallet_staking::ErasStartSessionIndex::<Runtime>::insert(start.era, start.session);
			}
			let starts: Vec<_> =
				self.era_starts.iter().map(|start| (start.era, start.session)).collect();
			pallet_staking::BondedEras::<Runtime>::put(starts);
			pallet_staking::ActiveEra::<Runtime>::mutate(|era| {
				era.as_mut().expect("genesis begins an era").index = self.active_era;
			});
			let exposure = Exposure { total: chain::STAKE, own: chain::STAKE, others: Vec::new() };
			EraInfo::<Runtime>::set_exposure(self.offence_era, &offender, exposure);

			let offence = OffenceDetails { offender: offender.clone(), reporters: Vec::new() };
			Staking::on_offence(
				[offence].into_iter(),
				&[Perbill::from_percent(10)],
				self.offence_session,
			);

			let is_disabled = pallet_session::DisabledValidators::<Runtime>::get().len() == 1;
			assert_eq!(is_disabled, self.is_disabled);
			let ledger = Staking::ledger(sp_staking::StakingAccount::Stash(offender.clone()))
				.expect("the offender is bonded");
			let is_slashed = ledger.active < chain::STAKE;
			assert_eq!(is_slashed, self.due_era.is_none());
			let waiting: Vec<EraIndex> =
				pallet_staking::UnappliedSlashes::<Runtime>::iter_keys().collect();
			assert_eq!(waiting, Vec::from_iter(self.due_era));
			// A slash is taken by the rotation that activates its era: one that is past never comes.
			let is_taken = self.due_era.is_none_or(|due| due > self.active_era);
			assert_eq!(is_taken, self.is_taken);
		});
	}
}
