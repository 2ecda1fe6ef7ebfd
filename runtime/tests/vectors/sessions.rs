//! When sessions, eras, session keys and GRANDPA sets change, and who is disabled afterwards.

use crate::{
	chain::{self, account, session_keys},
	vector_file::{Check, Nothing},
};
use frame_support::traits::Hooks;
use gtos_runtime::{BlockNumber, Grandpa, Runtime, RuntimeEvent, Session, Staking, System};
use pallet_genesis_parameters::ChainTiming;
use serde::Deserialize;
use sp_runtime::Perbill;
use sp_staking::{offence::OffenceSeverity, EraIndex, SessionIndex};

/// Sessions, eras, keys, sets and disabled validators, block by block (CON-R5, CON-R7, CON-R8, CON-R12, CON-R16).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EraTransition {
	session_length_blocks: u32,
	sessions_per_era: u32,
	validators: usize,
	changes: Vec<Change>,
	at: Vec<At>,
}

/// A change that is made before the hooks of a block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Change {
	block: BlockNumber,
	minimum_validator_count: Option<u32>,
	#[serde(default)]
	keys: Vec<KeyChange>,
	#[serde(default)]
	disable: Vec<Disabled>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Disabled {
	validator: usize,
	/// In parts of 10^9.
	fraction: u32,
}

impl Disabled {
	fn disable(&self) {
		let validators = Session::validators();
		let position = validators.iter().position(|who| *who == account(self.validator));
		let index = position.expect("it is in the set") as u32;
		let severity = OffenceSeverity(Perbill::from_parts(self.fraction));
		assert!(Session::disable_index_with_severity(index, severity));
	}
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyChange {
	validator: usize,
	/// Number of its new keys; `None` if it removes its keys.
	number: Option<u32>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct At {
	block: BlockNumber,
	session: SessionIndex,
	active_era: EraIndex,
	planned_era: EraIndex,
	/// Era whose validators authored the block.
	responsible_era: EraIndex,
	set_id: u64,
	failed_elections: usize,
	/// Number of the keys with which each validator signs; `None` if it is not in the set.
	keys: Vec<Option<u32>>,
	/// By the numbers of the validators.
	disabled: Vec<Disabled>,
}

/// The active era.
pub fn active_era() -> EraIndex {
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
			keys: (0..self.validators).map(number_in_use).collect(),
			disabled: self.disabled(),
		}
	}

	fn disabled(&self) -> Vec<Disabled> {
		let listed = pallet_session::DisabledValidators::<Runtime>::get();
		let validators = Session::validators();
		let disabled = (0..self.validators).filter_map(|validator| {
			let index = validators.iter().position(|who| *who == account(validator))? as u32;
			let (_, severity) = listed.iter().find(|(one, _)| *one == index)?;
			Some(Disabled { validator, fraction: severity.0.deconstruct() })
		});
		let disabled = disabled.collect::<Vec<_>>();
		assert_eq!(disabled.len(), listed.len());
		disabled
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
		chain::network_of(self.validators, timing).execute_with(|| {
			pallet_timestamp::Now::<Runtime>::put(1_800_000_000_000);
			let last = self.at.last().expect("something is looked at").block;
			for block in 1..=last {
				System::set_block_number(block);
				for change in self.changes.iter().filter(|change| change.block == block) {
					if let Some(count) = change.minimum_validator_count {
						pallet_staking::MinimumValidatorCount::<Runtime>::put(count);
					}
					for keys in &change.keys {
						pallet_session::NextKeys::<Runtime>::set(
							account(keys.validator),
							keys.number.map(|number| session_keys(keys.validator, number)),
						);
					}
					change.disable.iter().for_each(Disabled::disable);
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
