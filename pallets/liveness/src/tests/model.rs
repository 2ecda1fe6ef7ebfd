//! Random chains, compared with a model that counts slot by slot.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What an account does after a block.
#[derive(Clone, Copy, Debug)]
enum Action {
	/// Chills itself, or becomes a candidate again.
	ChillOrValidate,
	/// Unbonds a part of its stake.
	Unbond,
	/// Asks to return from its suspension.
	Rejoin,
}

/// What happens in one block.
#[derive(Clone, Debug)]
struct Step {
	/// Slots that pass without a block first.
	gap: u64,
	/// Bit mask of the validators that are offline, by index modulo 16.
	offline: u16,
	/// Account that is reported for an equivocation, if it is a validator.
	equivocator: Option<AccountId>,
	/// Account that does something, and what.
	change: Option<(AccountId, Action)>,
}

fn steps() -> impl Strategy<Value = Step> {
	let gap = prop_oneof![6 => Just(0_u64), 3 => 0_u64..12, 1 => 0_u64..300];
	let action = prop_oneof![
		2 => Just(Action::ChillOrValidate),
		1 => Just(Action::Unbond),
		2 => Just(Action::Rejoin),
	];
	let equivocator = prop::option::weighted(0.02, 1_u64..=12);
	let change = prop::option::weighted(0.1, (1_u64..=12, action));
	(gap, any::<u16>(), equivocator, change).prop_map(|(gap, offline, equivocator, change)| Step {
		gap,
		offline,
		equivocator,
		change,
	})
}

/// Expected counts and suspensions, by the specification.
#[derive(Clone, Default)]
struct Model {
	/// Produced, missed and excused slots of the current session, by index.
	rows: Vec<(u32, u64, u64)>,
	/// Sessions in a row that had too many offenders and suspended nobody.
	spared: u32,
	/// Level and standing of validators that were suspended.
	records: BTreeMap<AccountId, (u8, Standing)>,
}

/// What the end of a session does.
struct Evaluation {
	suspended: Vec<AccountId>,
	not_suspended: u32,
	/// Validators that are chilled, because their stake is too small to return.
	refused: Vec<AccountId>,
}

fn planned_era() -> u32 {
	pallet_staking::CurrentEra::<Test>::get().expect("genesis plans an era")
}

fn stake(who: AccountId) -> u128 {
	Staking::ledger(who.into()).map_or(0, |ledger| ledger.active)
}

fn stands(who: AccountId) -> bool {
	pallet_staking::Validators::<Test>::contains_key(who)
}

impl Model {
	/// Counts a block slot by slot (CON-R18). Call it before the block is made, in the parent's state.
	fn note(&mut self, parent: Option<u64>, slot: u64) {
		let n = Session::validators().len();
		self.rows.resize(n, (0, 0, 0));
		let disabled = disabled();
		let skipped = parent.map_or(slot..slot, |parent| parent + 1..slot);
		if skipped.clone().count() < n {
			for skipped in skipped {
				let row = &mut self.rows[author(skipped) as usize];
				row.1 += 1;
				if disabled.contains(&author(skipped)) {
					row.2 += 1;
				}
			}
		}
		self.rows[author(slot) as usize].0 += 1;
	}

	fn is_suspended(&self, who: AccountId) -> bool {
		matches!(self.records.get(&who), Some((_, Standing::Suspended { .. })))
	}

	/// Ends the session. Call it before the block that rotates the session is made.
	fn end_session(&mut self, minimum: usize) -> Evaluation {
		let (suspended, not_suspended) = self.evaluate(minimum);
		for who in &suspended {
			let level = self.records.get(who).map_or(0, |(level, _)| *level);
			let until = planned_era() + 2_u32.pow(level.into());
			let standing = Standing::Suspended { until, stake: stake(*who) };
			self.records.insert(*who, ((level + 1).min(MAX_LEVEL), standing));
		}
		self.rows.clear();
		let refused = self.settle();
		Evaluation { suspended, not_suspended, refused }
	}

	/// CON-R27, CON-R28.
	fn settle(&mut self) -> Vec<AccountId> {
		let mut refused = Vec::new();
		for (who, (level, standing)) in std::mem::take(&mut self.records) {
			let left = match standing {
				Standing::Suspended { until, .. } if planned_era() < until => {
					Some((level, standing))
				},
				Standing::Suspended { stake: before, .. } if stands(who) && stake(who) < before => {
					refused.push(who);
					Some((level, Standing::Returned { since: planned_era() }))
				},
				Standing::Suspended { .. } => {
					Some((level, Standing::Returned { since: planned_era() }))
				},
				Standing::Returned { since } if planned_era() < since + LEVEL_DECAY_ERAS => {
					Some((level, standing))
				},
				Standing::Returned { .. } if level == 1 => None,
				Standing::Returned { since } => {
					Some((level - 1, Standing::Returned { since: since + LEVEL_DECAY_ERAS }))
				},
			};
			self.records.extend(left.map(|left| (who, left)));
		}
		refused
	}

	/// CON-R19.
	fn evaluate(&mut self, minimum: usize) -> (Vec<AccountId>, u32) {
		let validators = Session::validators();
		let elects = |who: AccountId| stands(who) && !self.is_suspended(who);
		let suspended = self.records.keys().filter(|who| self.is_suspended(**who)).count();
		let left = |who: &&AccountId| !stands(**who) && !self.is_suspended(**who);
		let gone = validators.iter().filter(left).count();
		let mut offenders = self
			.rows
			.iter()
			.enumerate()
			.filter(|(index, (produced, missed, excused))| {
				let could = u64::from(*produced) + missed - excused;
				2 * (missed - excused) > could && !self.is_suspended(validators[*index])
			})
			.map(|(index, (_, missed, excused))| (missed - excused, index))
			.collect::<Vec<_>>();
		offenders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
		let cap = ((validators.len() - 1) / 3).saturating_sub(suspended);
		let electable =
			pallet_staking::Validators::<Test>::iter_keys().filter(|who| elects(*who)).count();
		let most = cap.saturating_sub(gone).min(electable.saturating_sub(minimum));

		let offenders: Vec<_> = offenders.into_iter().map(|(_, index)| validators[index]).collect();
		let first = |of_candidates: bool, most: usize| {
			let of_this_kind = offenders.iter().filter(move |who| stands(**who) == of_candidates);
			of_this_kind.take(most)
		};
		let chosen: Vec<_> = first(true, most).chain(first(false, cap)).collect();
		let others = (offenders.len() - chosen.len()) as u32;
		if others > 0 && self.spared + 1 < OUTAGE_SESSIONS {
			self.spared += 1;
			return (vec![], offenders.len() as u32);
		}
		self.spared = 0;
		for (who, (produced, missed, excused)) in validators.iter().zip(&self.rows) {
			if others == 0 && missed - excused > u64::from(*produced) {
				if let Some((level, Standing::Suspended { .. })) = self.records.get_mut(who) {
					*level = (*level).clamp(2, MAX_LEVEL);
				}
			}
		}
		(offenders.iter().filter(|who| chosen.contains(who)).copied().collect(), others)
	}

	/// Lets `who` do `action` on the chain and in the model.
	fn change(&mut self, who: AccountId, action: Action) {
		let origin = RuntimeOrigin::signed(who);
		match action {
			Action::ChillOrValidate if stands(who) => {
				assert_ok!(Staking::chill(origin));
			},
			Action::ChillOrValidate => {
				assert_ok!(Staking::validate(origin, Default::default()));
			},
			Action::Unbond => {
				// Refused if the account has too many parts that are unbonding.
				let _ = Staking::unbond(origin, 1_000);
			},
			Action::Rejoin => {
				let expected = self.is_suspended(who) && stands(who);
				assert_eq!(Liveness::rejoin(origin).is_ok(), expected);
				if expected {
					let planned = planned_era();
					let record = self.records.get_mut(&who).expect("it is suspended");
					record.1 = match *record {
						(level, Standing::Suspended { until, stake }) if level > 1 => {
							let rest = until.saturating_sub(planned);
							let served = if stake > 0 { rest / 2 } else { 0 };
							Standing::Suspended { until: until - served, stake: 0 }
						},
						_ => Standing::Returned { since: planned },
					};
				}
			},
		}
	}

	/// Checks the state of the chain between blocks.
	fn check(&self) {
		let records = Records::<Test>::get().into_iter();
		let records = records.map(|it| (it.validator, (it.level, it.standing)));
		assert_eq!(records.collect::<BTreeMap<_, _>>(), self.records);
		assert_eq!(SparedSessions::<Test>::get(), self.spared);
	}
}

/// The slot of the next block: the first whose author is online and not disabled, or, if all of these
/// are offline, the first whose author is not disabled.
fn choose_slot(step: &Step, parent: Option<u64>) -> u64 {
	let earliest = parent.map_or(FIRST_SLOT, |parent| parent + 1) + step.gap;
	let is_online = |slot: u64| (step.offline >> (author(slot) % 16)) & 1 == 0;
	let round = || earliest..earliest + Session::validators().len() as u64;
	round()
		.find(|slot| may_author(*slot) && is_online(*slot))
		.or_else(|| round().find(|slot| may_author(*slot)))
		.expect("not all validators are disabled")
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// CON-R18, CON-R19, CON-R27, CON-R28: counts and suspensions agree with the model.
	#[test]
	fn chain_after_random_steps_matches_the_model(
		validators in 1_u32..=10,
		waiting in 0_u32..3,
		minimum in 1_u32..4,
		electable in 1_u32..5,
		steps in prop::collection::vec(steps(), 30..200),
	) {
		let minimum = minimum.min(validators);
		let least = minimum.max(electable) as usize;
		let chain = Chain::of(validators).with_waiting(waiting).with_minimum(minimum);
		chain.with_electable(electable).with_sessions_of(10).build().execute_with(|| {
			let mut model = Model::default();
			for step in steps {
				let parent = (System::block_number() > 0).then(slot);
				let slot = choose_slot(&step, parent);
				let session = Session::current_index();
				model.note(parent, slot);
				let mut after = model.clone();
				let rows = model.rows.clone();
				let evaluation = after.end_session(least);
				block_in(slot);
				check();

				if Session::current_index() == session {
					assert_eq!(counts(), model.rows);
				} else {
					let last = Liveness::last_session().expect("a session is over");
					assert_eq!(last.session, session);
					let counted = last.validators.iter().map(|row| numbers(row.count));
					assert_eq!(counted.collect::<Vec<_>>(), rows);
					assert_eq!(suspended(), evaluation.suspended);
					assert_eq!(not_suspended(), evaluation.not_suspended);
					assert!(evaluation.refused.into_iter().all(|who| !stands(who)));
					model = after;
				}
				model.check();

				if let Some(who) = step.equivocator.filter(|who| Session::validators().contains(who)) {
					assert_ok!(equivocate(who));
				}
				if let Some((who, action)) = step.change {
					if who <= u64::from(validators + waiting) {
						model.change(who, action);
					}
				}
			}
		});
	}
}
