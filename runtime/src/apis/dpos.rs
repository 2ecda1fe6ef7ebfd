//! Queries of validators, sessions and eras (RPC-R26, RPC-R27, RPC-R28, RPC-R29).
//!
//! All answers are read from the state after a block. After a block that rotates the session, they
//! describe the set that authors the next blocks (CON-R8), with its keys, its era and its number.

use crate::{
	configs::timing::{SessionLength, SessionsPerEra},
	constants::staking::HISTORY_DEPTH_ERAS,
	AccountId, Balance, BlockNumber, Grandpa, Liveness, Runtime, Session, Staking, System,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use gtos_dpos_api::{
	EpochInfo, Keys, NextValidator, Rewards, Snapshot, Status, Validator, ValidatorDetails,
};
use pallet_liveness::{CurrentCounts, SlotCount};
use pallet_staking::{
	ActiveEra, ClaimedRewards, CurrentEra, EraInfo, ErasRewardPoints, ErasStakersOverview,
	ErasStartSessionIndex, ErasValidatorPrefs, ErasValidatorReward, ForceEra, Forcing, Nominators,
	RewardPoint, Validators,
};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::{AuthorityId as GrandpaId, AuthorityList};
use sp_runtime::Perbill;
use sp_staking::{EraIndex, Page, SessionIndex, StakingAccount};

/// The current set, in the order that determines the author of a slot (RPC-R26).
pub fn validators() -> Vec<Validator<AccountId, Balance>> {
	CurrentSet::read().validators()
}

/// One validator, in the set or not, with its rewards to date (RPC-R27).
pub fn validator(account: &AccountId) -> Option<ValidatorDetails<AccountId, Balance>> {
	let validator = CurrentSet::read().validator(account).or_else(|| outsider(account))?;
	Some(ValidatorDetails { validator, rewards: rewards(account) })
}

/// The set of the next session with its keys, which were fixed when the current session began.
pub fn next_validators() -> Vec<NextValidator<AccountId>> {
	let next = Session::queued_keys().into_iter();
	next.filter_map(|(account, queued)| {
		Some(NextValidator { account, keys: keys(&queued.aura, &queued.grandpa)? })
	})
	.collect()
}

/// Session, era, and when they change (RPC-R28).
pub fn epoch_info() -> EpochInfo<BlockNumber> {
	let now = System::block_number();
	let (session, session_length) = (Session::current_index(), SessionLength::get());
	// CON-R5. Genesis refuses a length of zero.
	let session_progress = now.checked_rem(session_length).unwrap_or_default();
	let next_session_block = now.saturating_add(session_length).saturating_sub(session_progress);
	let era = active_era();
	let next_era_session = next_era_session(era, session);
	EpochInfo {
		session,
		session_progress,
		session_length,
		era,
		era_progress: session.saturating_sub(first_session(era)),
		sessions_per_era: SessionsPerEra::get(),
		next_session_block,
		next_era_session,
		next_era_block: next_era_session.map(|next| {
			let sessions_between = next.saturating_sub(session).saturating_sub(1);
			next_session_block.saturating_add(sessions_between.saturating_mul(session_length))
		}),
	}
}

/// The current set with its height, session, era and number (RPC-R29).
pub fn snapshot() -> Snapshot<AccountId, Balance, BlockNumber> {
	let set = CurrentSet::read();
	Snapshot {
		block_number: System::block_number(),
		session: Session::current_index(),
		era: set.era,
		set_id: pallet_grandpa::CurrentSetId::<Runtime>::get(),
		validators: set.validators(),
	}
}

fn active_era() -> EraIndex {
	ActiveEra::<Runtime>::get().map_or(0, |era| era.index)
}

/// Newest era for which validators were elected.
fn planned_era() -> EraIndex {
	CurrentEra::<Runtime>::get().unwrap_or_default()
}

fn first_session(era: EraIndex) -> SessionIndex {
	ErasStartSessionIndex::<Runtime>::get(era).unwrap_or_default()
}

/// Session that activates the era after `active` (CON-R7).
fn next_era_session(active: EraIndex, session: SessionIndex) -> Option<SessionIndex> {
	let planned = planned_era();
	if planned > active {
		return Some(first_session(planned));
	}
	// The next rotation is the first that can hold an election. The elected set takes over one
	// session later.
	let earliest = session.saturating_add(2);
	match ForceEra::<Runtime>::get() {
		Forcing::ForceNone => None,
		Forcing::ForceNew | Forcing::ForceAlways => Some(earliest),
		Forcing::NotForcing => {
			Some(earliest.max(first_session(active).saturating_add(SessionsPerEra::get())))
		},
	}
}

/// The validators in force, and what the chain stores about them by position.
struct CurrentSet {
	era: EraIndex,
	accounts: Vec<AccountId>,
	disabled: Vec<u32>,
	/// Accounts that elections leave out (CON-R24).
	suspended: BTreeSet<AccountId>,
	aura: Vec<AuraId>,
	grandpa: AuthorityList,
	/// Shorter than the set until its first block.
	slots: Vec<SlotCount>,
	points: BTreeMap<AccountId, RewardPoint>,
}

impl CurrentSet {
	fn read() -> Self {
		let era = active_era();
		Self {
			era,
			accounts: Session::validators(),
			disabled: Session::disabled_validators(),
			suspended: Liveness::suspended(),
			aura: pallet_aura::Authorities::<Runtime>::get().into_inner(),
			grandpa: Grandpa::grandpa_authorities(),
			slots: CurrentCounts::<Runtime>::get().into_inner(),
			points: ErasRewardPoints::<Runtime>::get(era).individual,
		}
	}

	fn validators(&self) -> Vec<Validator<AccountId, Balance>> {
		let positions = 0..self.accounts.len();
		positions.filter_map(|position| self.at(position)).collect()
	}

	fn validator(&self, account: &AccountId) -> Option<Validator<AccountId, Balance>> {
		self.at(self.accounts.iter().position(|member| member == account)?)
	}

	fn at(&self, position: usize) -> Option<Validator<AccountId, Balance>> {
		let account = self.accounts.get(position)?;
		let is_disabled = self.disabled.iter().any(|index| usize::try_from(*index) == Ok(position));
		let stake = ErasStakersOverview::<Runtime>::get(self.era, account).unwrap_or_default();
		let aura = self.aura.get(position);
		let grandpa = self.grandpa.get(position).map(|(key, _)| key);
		let slots = self.slots.get(position).copied().unwrap_or_default();
		Some(Validator {
			account: account.clone(),
			status: if is_disabled { Status::Disabled } else { Status::Active },
			is_candidate: Validators::<Runtime>::contains_key(account)
				&& !self.suspended.contains(account),
			own_stake: stake.own,
			total_stake: stake.total,
			commission: Some(
				ErasValidatorPrefs::<Runtime>::get(self.era, account).commission.deconstruct(),
			),
			keys: aura.zip(grandpa).and_then(|(aura, grandpa)| keys(aura, grandpa)),
			produced: slots.produced,
			missed: slots.missed,
			era_points: self.points.get(account).copied().unwrap_or_default(),
		})
	}
}

/// A validator that is not in the current set.
fn outsider(account: &AccountId) -> Option<Validator<AccountId, Balance>> {
	let stake = Staking::ledger(StakingAccount::Stash(account.clone())).ok()?.active;
	// A suspended validator counts as chilled until it returns.
	let is_candidate =
		Validators::<Runtime>::contains_key(account) && !Liveness::is_suspended(account);
	let registered = Session::load_keys(account);
	let status = if is_candidate {
		Status::Waiting
	} else if registered.is_some() && !Nominators::<Runtime>::contains_key(account) {
		Status::Chilled
	} else {
		return None;
	};
	let points = ErasRewardPoints::<Runtime>::get(active_era()).individual;
	Some(Validator {
		account: account.clone(),
		status,
		is_candidate,
		own_stake: stake,
		total_stake: stake,
		commission: is_candidate
			.then(|| Validators::<Runtime>::get(account).commission.deconstruct()),
		keys: registered.and_then(|registered| keys(&registered.aura, &registered.grandpa)),
		produced: 0,
		missed: 0,
		era_points: points.get(account).copied().unwrap_or_default(),
	})
}

fn keys(aura: &AuraId, grandpa: &GrandpaId) -> Option<Keys> {
	fn raw(key: &impl AsRef<[u8]>) -> Option<[u8; 32]> {
		key.as_ref().try_into().ok()
	}
	Some(Keys { aura: raw(aura)?, grandpa: raw(grandpa)? })
}

/// What the validator itself has earned in the eras whose rewards are still on chain.
fn rewards(account: &AccountId) -> Rewards<Balance> {
	let from_era = planned_era().saturating_sub(HISTORY_DEPTH_ERAS);
	let mut rewards: Rewards<Balance> = Rewards { from_era, earned: 0, claimed: 0 };
	for era in from_era..active_era() {
		let Some(parts) = parts_of_reward(era, account) else { continue };
		let claimed = ClaimedRewards::<Runtime>::get(era, account);
		for (page, part) in parts {
			rewards.earned = rewards.earned.saturating_add(part);
			if claimed.contains(&page) {
				rewards.claimed = rewards.claimed.saturating_add(part);
			}
		}
	}
	rewards
}

/// The part of its own reward that a validator receives with the payout of each page of its stakers;
/// `None` if it receives nothing.
///
/// Steps and rounding are those of the payout (ECO-R6).
fn parts_of_reward(era: EraIndex, account: &AccountId) -> Option<Vec<(Page, Balance)>> {
	// Read first, because most accounts are not validators in most eras.
	let overview = ErasStakersOverview::<Runtime>::get(era, account)?;
	if overview.total == 0 {
		return None;
	}
	let payout = ErasValidatorReward::<Runtime>::get(era)?;
	let points = ErasRewardPoints::<Runtime>::get(era);
	let share = Perbill::from_rational(*points.individual.get(account)?, points.total);
	let total = share * payout;
	let commission = ErasValidatorPrefs::<Runtime>::get(era, account).commission * total;
	let rest = total.saturating_sub(commission);
	// Without nominators there is no page, but the validator still claims one.
	let pages = 0..overview.page_count.max(1);
	let part_of = |page| {
		let exposure = EraInfo::<Runtime>::get_paged_exposure(era, account, page)?;
		let own = Perbill::from_rational(exposure.own(), exposure.total()) * rest;
		let page_share = Perbill::from_rational(exposure.page_total(), exposure.total());
		Some((page, own.saturating_add(page_share * commission)))
	};
	Some(pages.filter_map(part_of).collect())
}
