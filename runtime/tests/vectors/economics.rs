//! Formulas: fees, rewards, slashes, deposits, prices and the quorum of finality.

use crate::{
	chain::{self, account},
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::{Decode, Encode};
use finality_grandpa::voter_set::VoterSet;
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, Pays},
	traits::{fungible::Balanced, OnFinalize, OnIdle, OnInitialize, OnUnbalanced},
	weights::Weight,
};
use gtos_runtime::{
	constants::currency, AccountId, Balance, Balances, FeePot, Payouts as Pallet, Runtime,
	RuntimeOrigin, SessionKeys, Staking, System, TransactionPayment, Treasury,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_payouts::{Next, Position, WeightInfo};
use pallet_staking::{
	ActiveEra, ActiveEraInfo, ClaimedRewards, CurrentEra, EraInfo, EraPayout, EraRewardPoints,
	ErasStakersOverview, ErasValidatorReward, RewardDestination, ValidatorPrefs,
};
use serde::Deserialize;
use sp_runtime::{traits::Convert, FixedU128, Perbill};
use sp_staking::{
	offence::Offence, EraIndex, Exposure, IndividualExposure, Page as PageNumber,
	PagedExposureMetadata,
};
use std::collections::BTreeMap;

/// A formula by name, with its inputs and outputs by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arithmetic {
	function: String,
	inputs: BTreeMap<String, Decimal>,
	outputs: BTreeMap<String, Decimal>,
}

type Outputs = Vec<(&'static str, u128)>;

impl Check for Arithmetic {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let outputs = match self.function.as_str() {
			"contract-price" => self.contract_price(),
			"deposit" => self.deposit(),
			"era-payout" => self.era_payout(),
			"fee-multiplier" => self.fee_multiplier(),
			"fee-split" => self.fee_split(),
			"inclusion-fee" => self.inclusion_fee(),
			"quorum" => self.quorum(),
			"rent" => self.rent(),
			"rent-charge" => self.rent_charge(),
			"slash" => self.slash(),
			"slash-fraction" => self.slash_fraction(),
			function => panic!("unknown function {function}"),
		};
		let outputs: BTreeMap<String, Decimal> =
			outputs.into_iter().map(|(name, value)| (name.to_owned(), Decimal(value))).collect();
		assert_eq!(outputs, self.outputs);
	}
}

impl Arithmetic {
	fn input(&self, name: &str) -> Decimal {
		*self.inputs.get(name).unwrap_or_else(|| panic!("the input {name} is missing"))
	}

	fn contract_price(&self) -> Outputs {
		vec![("price", quote("ContractStoreApi_quote", &self.input("storedBytes").u32()))]
	}

	/// ECO-R9: refundable deposits.
	fn deposit(&self) -> Outputs {
		let deposit = currency::deposit(self.input("items").u32(), self.input("bytes").u32());
		vec![("deposit", deposit)]
	}

	/// ECO-R5: what an era pays to validators and to the treasury.
	fn era_payout(&self) -> Outputs {
		let (validators, treasury) = <Runtime as pallet_staking::Config>::EraPayout::era_payout(
			self.input("staked").0,
			self.input("issuance").0,
			self.input("milliseconds").u64(),
		);
		vec![("validators", validators), ("treasury", treasury)]
	}

	/// ECO-R3: the multiplier after a block.
	fn fee_multiplier(&self) -> Outputs {
		chain::with_accounts(Vec::new()).execute_with(|| {
			let weight = |name| Weight::from_parts(self.input(name).u64(), 0);
			let length = self.input("length").u32() as usize;
			System::set_block_consumed_resources(weight("normalWeight"), length);
			System::register_extra_weight_unchecked(
				weight("operationalWeight"),
				DispatchClass::Operational,
			);
			let multiplier = FixedU128::from_inner(self.input("multiplier").0);
			type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
			vec![("next", Update::convert(multiplier).into_inner())]
		})
	}

	/// ECO-R4: the treasury's and the author's share of the fees and tips of a block.
	fn fee_split(&self) -> Outputs {
		let (treasury, author) = (Treasury::account_id(), account(0));
		let start = currency::TOS;
		let balances = vec![(treasury.clone(), start), (author.clone(), start)];
		chain::with_accounts(balances).execute_with(|| {
			chain::set_author(&author);
			let fee = <Balances as Balanced<AccountId>>::issue(self.input("fee").0);
			let tip = <Balances as Balanced<AccountId>>::issue(self.input("tip").0);
			FeePot::on_unbalanceds([fee, tip].into_iter());
			FeePot::on_finalize(System::block_number());
			let received = |who: &AccountId| Balances::free_balance(who) - start;
			vec![("treasury", received(&treasury)), ("author", received(&author))]
		})
	}

	/// ECO-R2: length fee and weight fee.
	fn inclusion_fee(&self) -> Outputs {
		chain::with_accounts(Vec::new()).execute_with(|| {
			let multiplier = FixedU128::from_inner(self.input("multiplier").0);
			pallet_transaction_payment::NextFeeMultiplier::<Runtime>::put(multiplier);
			let info = DispatchInfo {
				call_weight: Weight::from_parts(self.input("weight").u64(), 0),
				extension_weight: Weight::zero(),
				class: DispatchClass::Normal,
				pays_fee: Pays::Yes,
			};
			let (length, tip) = (self.input("length").u32(), 12_345);
			let fee = TransactionPayment::compute_fee_details(length, &info, tip)
				.inclusion_fee
				.expect("the call pays");
			let base = gtos_runtime::configs::RuntimeBlockWeights::get()
				.get(DispatchClass::Normal)
				.base_extrinsic;
			assert_eq!(fee.base_fee, base.ref_time().into());
			assert_eq!(
				TransactionPayment::compute_fee(length, &info, tip),
				fee.base_fee + fee.len_fee + fee.adjusted_weight_fee + tip,
			);
			vec![("lengthFee", fee.len_fee), ("weightFee", fee.adjusted_weight_fee)]
		})
	}

	/// CON-R10: how many votes finalise a block, and how many authorities may be offline.
	fn quorum(&self) -> Outputs {
		let authorities = self.input("authorities").u64();
		let set = VoterSet::new((0..authorities).map(|id| (id, 1))).expect("there are voters");
		let votes = set.threshold().get();
		vec![("votes", votes.into()), ("offline", (authorities - votes).into())]
	}

	fn rent(&self) -> Outputs {
		vec![("rent", self.quote_rent("valueLength", "blocks"))]
	}

	fn rent_charge(&self) -> Outputs {
		let left = self.quote_rent("oldValueLength", "oldBlocks");
		vec![("charge", self.quote_rent("valueLength", "blocks").saturating_sub(left))]
	}

	fn quote_rent(&self, value_length: &str, blocks: &str) -> Balance {
		let lengths = (self.input("keyLength").u32(), self.input(value_length).u32());
		quote("TtlKvApi_quote", &(lengths, self.input(blocks).u32()))
	}

	/// ECO-R7: what a slash takes, and what its reporter gets.
	fn slash(&self) -> Outputs {
		let fraction = Perbill::from_parts(self.input("fraction").u32());
		let slash = fraction * self.input("stake").0;
		// `slashRewardFraction` of every preset reserves a tenth; the first reporter gets half of it.
		let reporter = Perbill::from_percent(50) * (Perbill::from_percent(10) * slash);
		vec![("slash", slash), ("reporter", reporter)]
	}

	/// CON-R15: the fraction that a number of offenders lose.
	fn slash_fraction(&self) -> Outputs {
		let offence = pallet_grandpa::EquivocationOffence {
			time_slot: pallet_grandpa::TimeSlot { set_id: 0, round: 0 },
			session_index: 0,
			validator_set_count: self.input("authorities").u32(),
			offender: (),
		};
		let fraction = offence.slash_fraction(self.input("offenders").u32());
		vec![("fraction", fraction.deconstruct().into())]
	}
}

/// The price that a runtime API quotes for arguments that it accepts.
fn quote(function: &str, arguments: &impl Encode) -> Balance {
	chain::with_accounts(Vec::new()).execute_with(|| {
		let answer = gtos_runtime::apis::api::dispatch(function, &arguments.encode())
			.unwrap_or_else(|| panic!("the runtime has no {function}"));
		Option::<Balance>::decode(&mut &answer[..])
			.expect("it returns a balance or none")
			.expect("the arguments are in their range")
	})
}

/// Rewards of a validator and its nominators for an era (ECO-R6).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Reward {
	payout: Decimal,
	points: u32,
	all_points: u32,
	/// In parts of 10^9.
	commission: u32,
	own: Decimal,
	nominators: Vec<Decimal>,
	validator_reward: Decimal,
	nominator_rewards: Vec<Decimal>,
}

impl Check for Reward {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		const ERA: u32 = 1;
		let keys = SessionKeys {
			aura: sp_core::sr25519::Public::from_raw([1; 32]).into(),
			grandpa: sp_core::ed25519::Public::from_raw([2; 32]).into(),
		};
		let stash = account(0);
		let nominators: Vec<AccountId> =
			(0..self.nominators.len()).map(|index| account(100 + index)).collect();
		chain::network(&[keys], ChainTiming::default()).execute_with(|| {
			System::set_block_number(1);
			for who in nominators.iter().chain([&stash]) {
				let endowment = <Balances as Balanced<AccountId>>::issue(currency::TOS);
				assert!(<Balances as Balanced<AccountId>>::resolve(who, endowment).is_ok());
				pallet_staking::Payee::<Runtime>::insert(who, RewardDestination::Stash);
			}
			pallet_staking::CurrentEra::<Runtime>::put(ERA + 1);
			pallet_staking::ErasValidatorReward::<Runtime>::insert(ERA, self.payout.0);
			pallet_staking::ErasRewardPoints::<Runtime>::insert(
				ERA,
				EraRewardPoints {
					total: self.all_points,
					individual: [(stash.clone(), self.points)].into_iter().collect(),
				},
			);
			pallet_staking::ErasValidatorPrefs::<Runtime>::insert(
				ERA,
				&stash,
				ValidatorPrefs { commission: Perbill::from_parts(self.commission), blocked: false },
			);
			let others: Vec<_> = nominators
				.iter()
				.zip(&self.nominators)
				.map(|(who, stake)| IndividualExposure { who: who.clone(), value: stake.0 })
				.collect();
			let total = self.own.0 + others.iter().map(|other| other.value).sum::<Balance>();
			EraInfo::<Runtime>::set_exposure(
				ERA,
				&stash,
				Exposure { total, own: self.own.0, others },
			);

			let free = |who: &AccountId| Balances::free_balance(who);
			let before: Vec<Balance> = [&stash].into_iter().chain(&nominators).map(free).collect();
			assert!(Staking::payout_stakers(
				RuntimeOrigin::signed(stash.clone()),
				stash.clone(),
				ERA
			)
			.is_ok());
			let received: Vec<Decimal> = [&stash]
				.into_iter()
				.chain(&nominators)
				.zip(before)
				.map(|(who, before)| Decimal(free(who) - before))
				.collect();
			let expected: Vec<Decimal> =
				[self.validator_reward].into_iter().chain(self.nominator_rewards).collect();
			assert_eq!(received, expected);
		});
	}
}

/// The pages of rewards that each block pays (ECO-R10).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Payouts {
	current_era: EraIndex,
	active_era: EraIndex,
	next: Bytes,
	stakers: Vec<Staker>,
	claimed: Vec<Page>,
	blocks: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Staker {
	era: EraIndex,
	validator: Bytes,
	pages: PageNumber,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Page {
	era: EraIndex,
	validator: Bytes,
	page: PageNumber,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Block {
	/// Number of steps that the weight left for `on_idle` covers.
	idle_steps: u64,
	initialize: Option<Page>,
	idle: Vec<Page>,
	next: Bytes,
}

impl Check for Payouts {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		const STAKE: Balance = currency::TOS;
		chain::with_accounts(Vec::new()).execute_with(|| {
			System::set_block_number(1);
			CurrentEra::<Runtime>::put(self.current_era);
			ActiveEra::<Runtime>::put(ActiveEraInfo { index: self.active_era, start: None });
			let next = Position::<AccountId>::decode(&mut &self.next.0[..]).expect("a position");
			Next::<Runtime>::put(next);
			for staker in &self.stakers {
				let who = staker.validator.account();
				if Staking::bonded(&who).is_none() {
					let endowment = <Balances as Balanced<AccountId>>::issue(2 * STAKE);
					assert!(<Balances as Balanced<AccountId>>::resolve(&who, endowment).is_ok());
					let origin = RuntimeOrigin::signed(who.clone());
					assert!(Staking::bond(origin, STAKE, RewardDestination::Staked).is_ok());
				}
				ErasValidatorReward::<Runtime>::insert(staker.era, STAKE);
				let overview = PagedExposureMetadata {
					total: STAKE,
					own: STAKE,
					nominator_count: 0,
					page_count: staker.pages,
				};
				ErasStakersOverview::<Runtime>::insert(staker.era, who, overview);
			}
			for Page { era, validator, page } in &self.claimed {
				ClaimedRewards::<Runtime>::append(era, validator.account(), page);
			}

			for block in self.blocks {
				let before = claimed(&self.stakers);
				Pallet::on_initialize(1);
				let between = claimed(&self.stakers);
				let paid = without(&between, &before);
				assert_eq!(paid, block.initialize.into_iter().collect::<Vec<_>>());
				Pallet::on_idle(1, weight_of(block.idle_steps));
				let paid = without(&claimed(&self.stakers), &between);
				// The vector has them in the order in which they are paid.
				assert_eq!(paid.len(), block.idle.len());
				assert!(block.idle.iter().all(|page| paid.contains(page)), "{paid:?}");
				assert_eq!(Next::<Runtime>::get().encode(), block.next.0);
			}
		});
	}
}

/// Weight with which `on_idle` takes this number of steps. The share of the payouts has to cover it.
fn weight_of(steps: u64) -> Weight {
	type Weights = <Runtime as pallet_payouts::Config>::WeightInfo;
	let weight = Weights::nothing_due().saturating_add(Weights::pay_page().saturating_mul(steps));
	assert!(weight.all_lte(<Runtime as pallet_payouts::Config>::IdleWeight::get()));
	weight
}

/// Those of `pages` that are not among `others`.
fn without(pages: &[Page], others: &[Page]) -> Vec<Page> {
	pages.iter().filter(|page| !others.contains(page)).cloned().collect()
}

/// All pages of these stakers that have been claimed.
fn claimed(stakers: &[Staker]) -> Vec<Page> {
	stakers
		.iter()
		.flat_map(|Staker { era, validator, .. }| {
			ClaimedRewards::<Runtime>::get(era, validator.account()).into_iter().map(|page| Page {
				era: *era,
				validator: validator.clone(),
				page,
			})
		})
		.collect()
}
