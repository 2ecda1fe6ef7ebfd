//! Slashes that blocks raise and apply one by one (CON-R29, CON-R30).

use crate::{
	chain::{self, account},
	vector_file::{Check, Decimal, Nothing},
};
use frame_support::traits::Hooks;
use gtos_runtime::{AccountId, Balance, BlockNumber, Runtime, RuntimeOrigin, Staking, System};
use pallet_genesis_parameters::ChainTiming;
use pallet_liveness::{DueSlashes, Raises};
use pallet_session::SessionManager;
use pallet_staking::{ActiveEra, EraInfo, ErasStartSessionIndex, UnappliedSlashes};
use serde::Deserialize;
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	EraIndex, Exposure, IndividualExposure, SessionIndex,
};
use std::collections::{BTreeMap, BTreeSet};

/// The era and the session of the offences.
const ERA: EraIndex = 0;
const SESSION: SessionIndex = 0;

/// Reports, blocks and cancellations, the slashes that then wait, and their pages once they are due.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slashes {
	validators: Vec<Validator>,
	steps: Vec<Step>,
	raises: Vec<Raise>,
	waiting: Vec<Slash>,
	pages: Vec<Vec<Decimal>>,
	/// Numbers of the pages in the order in which blocks take them.
	order: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validator {
	own: Decimal,
	nominators: Vec<Decimal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
	action: String,
	/// Offenders in the order in which they were reported, or the indices of slashes to cancel.
	numbers: Vec<u32>,
	/// In parts of 10^9.
	fraction: Option<u32>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Raise {
	validator: u32,
	fraction: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Slash {
	validator: u32,
	own: Decimal,
	others: Vec<Decimal>,
}

fn due() -> EraIndex {
	ERA + ChainTiming::default().slash_defer_duration_eras + 1
}

fn block() {
	<gtos_runtime::Liveness as Hooks<BlockNumber>>::on_initialize(1);
}

impl Validator {
	/// Exposes the stakes in the era of the offences. The nominators have no bonds.
	fn expose(&self, number: usize) {
		let who = |nominator: usize| account(1_000 * (number + 1) + nominator);
		let others: Vec<_> = self
			.nominators
			.iter()
			.enumerate()
			.map(|(nominator, stake)| IndividualExposure { who: who(nominator), value: stake.0 })
			.collect();
		let total = self.own.0 + others.iter().map(|other| other.value).sum::<Balance>();
		let exposure = Exposure { total, own: self.own.0, others };
		EraInfo::<Runtime>::set_exposure(ERA, &account(number), exposure);
	}
}

impl Step {
	fn run(&self) {
		match self.action.as_str() {
			"report" => {
				type Handler = <Runtime as pallet_offences::Config>::OnOffenceHandler;
				let fraction = Perbill::from_parts(self.fraction.expect("a report has one"));
				let details = |number: &u32| OffenceDetails {
					offender: (account(*number as usize), ()),
					reporters: Vec::<AccountId>::new(),
				};
				let details: Vec<_> = self.numbers.iter().map(details).collect();
				Handler::on_offence(&details, &vec![fraction; details.len()], SESSION);
			},
			"block" => block(),
			"cancel" => {
				let indices = self.numbers.clone();
				Staking::cancel_deferred_slash(RuntimeOrigin::root(), due(), indices)
					.expect("root may");
			},
			action => panic!("unknown action {action}"),
		}
	}
}

impl Slashes {
	/// Begins the era with which the slashes fall due.
	fn begin_due_era() {
		type Manager = <Runtime as pallet_session::Config>::SessionManager;
		ActiveEra::<Runtime>::mutate(|era| {
			era.as_mut().expect("genesis begins an era").index = due() - 1;
		});
		ErasStartSessionIndex::<Runtime>::insert(due(), SESSION + 1);
		<Manager as SessionManager<AccountId>>::start_session(SESSION + 1);
		assert!(UnappliedSlashes::<Runtime>::iter().next().is_none());
	}

	/// Numbers of the pages that blocks have not taken yet.
	fn left() -> BTreeSet<u32> {
		DueSlashes::<Runtime>::iter_keys()
			.map(|(era, number)| {
				assert_eq!(era, due());
				number
			})
			.collect()
	}
}

impl Check for Slashes {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		chain::network_of(self.validators.len(), ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			for (number, validator) in self.validators.iter().enumerate() {
				validator.expose(number);
			}
			self.steps.iter().for_each(Step::run);

			let numbers: BTreeMap<AccountId, u32> =
				(0..self.validators.len()).map(|number| (account(number), number as u32)).collect();
			let raises: Vec<Raise> = Raises::<Runtime>::get(SESSION)
				.iter()
				.map(|raise| Raise {
					validator: numbers[&raise.validator],
					fraction: raise.fraction.deconstruct(),
				})
				.collect();
			assert_eq!(raises, self.raises);
			let waiting: Vec<Slash> = UnappliedSlashes::<Runtime>::get(due())
				.into_iter()
				.map(|slash| Slash {
					validator: numbers[&slash.validator],
					own: Decimal(slash.own),
					others: slash.others.into_iter().map(|(_, amount)| Decimal(amount)).collect(),
				})
				.collect();
			assert_eq!(waiting, self.waiting);

			Self::begin_due_era();
			let pages: BTreeMap<u32, Vec<Decimal>> = DueSlashes::<Runtime>::iter()
				.map(|((_, number), page)| {
					let amounts = page.stakes.into_iter().map(|(_, amount)| Decimal(amount));
					(number, amounts.collect())
				})
				.collect();
			assert_eq!(pages, (0..).zip(self.pages).collect());
			let mut order: Vec<u32> = Vec::new();
			while let left @ 1.. = Self::left().len() {
				let before = Self::left();
				block();
				let after = Self::left();
				assert_eq!(after.len(), left - 1);
				order.extend(before.difference(&after));
			}
			assert_eq!(order, self.order);
		});
	}
}
