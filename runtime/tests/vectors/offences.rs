//! Proofs of offences, and their penalties.

use crate::{
	chain::{self, account, session_keys},
	hashing::ed25519_public,
	sessions::active_era,
	transactions::module_error,
	vector_file::{Bytes, Check, Nothing},
};
use codec::{Decode, DecodeAll, Encode};
use frame_support::traits::{Hooks, KeyOwnerProofSystem};
use gtos_runtime::{
	configs::consensus::KeyOwners, AccountId, BlockNumber, Hash, Runtime, RuntimeCall,
	RuntimeOrigin, SessionKeys, Staking, System,
};
use pallet_aura_equivocation::EquivocationProofOf;
use pallet_genesis_parameters::ChainTiming;
use pallet_liveness::Raises;
use pallet_session::disabling::DisablingStrategy;
use pallet_staking::EraInfo;
use serde::Deserialize;
use sp_consensus_grandpa::{AuthorityId as GrandpaId, EquivocationProof};
use sp_core::{
	crypto::{
		key_types::{AURA, GRANDPA},
		ByteArray,
	},
	sr25519,
};
use sp_runtime::{traits::Dispatchable, Perbill};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	EraIndex, Exposure, SessionIndex,
};

/// Proof of a GRANDPA equivocation: two votes of one authority in one round.
type GrandpaProof = EquivocationProof<Hash, BlockNumber>;
/// Proof of an Aura equivocation: two blocks of one slot, sealed by one authority.
type AuraProof = EquivocationProofOf<Runtime>;

fn decode<Proof: Decode + Encode>(bytes: &Bytes) -> Proof {
	let proof = Proof::decode_all(&mut &bytes.0[..]).expect("it is a proof");
	assert_eq!(proof.encode(), bytes.0);
	proof
}

/// The proof of a GRANDPA equivocation (CON-R13).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GrandpaEquivocation {
	set_id: u64,
	round: u64,
	offender: Bytes,
	proof: Bytes,
	is_valid: bool,
}

impl Check for GrandpaEquivocation {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let proof: GrandpaProof = decode(&self.proof);
		assert_eq!((proof.set_id(), proof.round()), (self.set_id, self.round));
		assert_eq!(proof.offender(), &GrandpaId::from(ed25519_public(&self.offender)));
		assert_eq!(sp_consensus_grandpa::check_equivocation_proof(proof), self.is_valid);
	}
}

/// The proof of an Aura equivocation (CON-R21).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuraEquivocation {
	slot: u64,
	offender: Bytes,
	proof: Bytes,
	is_valid: bool,
}

impl Check for AuraEquivocation {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let proof: AuraProof = decode(&self.proof);
		assert_eq!((*proof.slot, proof.offender.to_raw_vec()), (self.slot, self.offender.0));
		assert_eq!(pallet_aura_equivocation::is_equivocation(&proof), self.is_valid);
	}
}

/// Reports of GRANDPA or Aura equivocations, one after the other, in session 0 of a chain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Report {
	offence: Offence,
	/// GRANDPA or Aura keys of the validators.
	keys: Vec<Bytes>,
	/// Slot of the block that contains the reports.
	slot: u64,
	block_hashes: Vec<BlockHash>,
	steps: Vec<ReportStep>,
	/// Validators that are still candidates after all reports.
	candidates: Vec<usize>,
	/// Fraction by which each validator is slashed after all reports, in parts of 10^9.
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
	/// Validator whose key ownership the report proves.
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
					equivocation_proof: Box::new(decode::<AuraProof>(&step.proof)),
					key_owner_proof,
				},
			),
			Offence::Grandpa => {
				RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation_unsigned {
					equivocation_proof: Box::new(decode::<GrandpaProof>(&step.proof)),
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
			System::initialize(&1, &Hash::zero(), &chain::digest_of(self.slot));
			for block in &self.block_hashes {
				frame_system::BlockHash::<Runtime>::insert(block.number, block.hash.hash());
			}
			for step in &self.steps {
				let result = self.call(step).dispatch(RuntimeOrigin::none());
				let error = result.err().map(|failure| failure.error.encode());
				let expected = step.error.as_ref().map(|e| module_error(&e.pallet, &e.error));
				assert_eq!(error, expected, "{}", step.name);
			}
			// Blocks raise the slashes of those that were reported earlier (CON-R29).
			while Raises::<Runtime>::iter().next().is_some() {
				<gtos_runtime::Liveness as Hooks<BlockNumber>>::on_initialize(1);
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

/// Which validator an offence disables, and which one it enables again (CON-R16).
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

/// The era in which a slash is applied (CON-R17).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SlashDeferral {
	slash_defer_duration_eras: u32,
	active_era: EraIndex,
	era_starts: Vec<EraStart>,
	offence_session: SessionIndex,
	offence_era: EraIndex,
	due_era: EraIndex,
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
		let offender = account(2);
		chain::network_of(4, timing).execute_with(|| {
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

			let details =
				OffenceDetails { offender: (offender.clone(), ()), reporters: Vec::new() };
			<Runtime as pallet_offences::Config>::OnOffenceHandler::on_offence(
				&[details],
				&[Perbill::from_percent(10)],
				self.offence_session,
			);

			let is_disabled = pallet_session::DisabledValidators::<Runtime>::get().len() == 1;
			assert_eq!(is_disabled, self.is_disabled);
			let ledger = Staking::ledger(sp_staking::StakingAccount::Stash(offender.clone()))
				.expect("the offender is bonded");
			assert_eq!(ledger.active, chain::STAKE);
			// A slash that would be due with an era that has begun is not stored, because nothing would ever remove it.
			let waiting: Vec<EraIndex> =
				pallet_staking::UnappliedSlashes::<Runtime>::iter_keys().collect();
			assert_eq!(waiting, Vec::from_iter(self.is_taken.then_some(self.due_era)));
		});
	}
}
