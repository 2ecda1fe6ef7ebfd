//! Random chains, compared with a model that counts slot by slot.

use super::*;
use proptest::prelude::*;

/// What happens in one block.
#[derive(Clone, Debug)]
struct Step {
	/// Slots that pass without a block first.
	gap: u64,
	/// Bit mask of the validators that are offline, by index modulo 16.
	offline: u16,
	/// Account that is reported for an equivocation, if it is a validator.
	equivocator: Option<AccountId>,
	/// Account that chills itself, or becomes a candidate again.
	change: Option<AccountId>,
}

fn steps() -> impl Strategy<Value = Step> {
	let gap = prop_oneof![6 => Just(0_u64), 3 => 0_u64..12, 1 => 0_u64..300];
	let one_in = |often: f64| prop::option::weighted(often, 1_u64..=12);
	(gap, any::<u16>(), one_in(0.04), one_in(0.1))
		.prop_map(|(gap, offline, equivocator, change)| Step { gap, offline, equivocator, change })
}

/// Expected counts of the current session, by the specification.
#[derive(Default)]
struct Model {
	/// Produced, missed and excused slots, by index.
	rows: Vec<(u32, u64, u64)>,
}

impl Model {
	/// Counts a block slot by slot (CON-R18). Call it before the block is made, in the parent's state.
	fn note(&mut self, parent: Option<u64>, slot: u64) {
		self.rows.resize(Session::validators().len(), (0, 0, 0));
		let disabled = disabled();
		if let Some(parent) = parent {
			for skipped in parent + 1..slot {
				let row = &mut self.rows[author(skipped) as usize];
				row.1 += 1;
				if disabled.contains(&author(skipped)) {
					row.2 += 1;
				}
			}
		}
		self.rows[author(slot) as usize].0 += 1;
	}

	/// Validators that the end of the session chills, in order (CON-R19). Call it before the block that
	/// rotates the session is made.
	fn evaluate(&self, minimum: usize) -> Vec<AccountId> {
		let validators = Session::validators();
		let standing = candidates();
		let left = validators.iter().filter(|who| !standing.contains(who)).count();
		let mut offenders = self
			.rows
			.iter()
			.enumerate()
			.filter(|(index, (produced, missed, excused))| {
				let could = u64::from(*produced) + missed - excused;
				2 * (missed - excused) > could && standing.contains(&validators[*index])
			})
			.map(|(index, (_, missed, excused))| (missed - excused, index))
			.collect::<Vec<_>>();
		offenders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
		let cap = ((validators.len() - 1) / 3).saturating_sub(left);
		let spare = standing.len().saturating_sub(minimum);
		offenders.truncate(cap.min(spare));
		offenders.into_iter().map(|(_, index)| validators[index]).collect()
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

	/// CON-R18, CON-R19: counts and chilled validators agree with the model.
	#[test]
	fn chain_after_random_steps_matches_the_model(
		validators in 1_u32..=10,
		waiting in 0_u32..3,
		minimum in 1_u32..4,
		steps in prop::collection::vec(steps(), 30..160),
	) {
		let minimum = minimum.min(validators);
		let chain = Chain::of(validators).with_waiting(waiting).with_minimum(minimum);
		chain.with_sessions_of(10).build().execute_with(|| {
			let mut model = Model::default();
			for step in steps {
				let parent = (System::block_number() > 0).then(slot);
				let slot = choose_slot(&step, parent);
				let session = Session::current_index();
				model.note(parent, slot);
				let to_chill = model.evaluate(minimum as usize);
				let before = candidates();
				block_in(slot);
				check();

				if Session::current_index() == session {
					assert_eq!(counts(), model.rows);
				} else {
					let last = Liveness::last_session().expect("a session is over");
					assert_eq!(last.session, session);
					let rows = last.validators.iter().map(|row| numbers(row.count));
					assert_eq!(rows.collect::<Vec<_>>(), model.rows);
					assert_eq!(chilled(), to_chill);
					let left = before.into_iter().filter(|who| !to_chill.contains(who));
					assert_eq!(candidates(), left.collect::<Vec<_>>());
					model = Model::default();
				}

				if let Some(who) = step.equivocator.filter(|who| Session::validators().contains(who)) {
					assert_ok!(equivocate(who));
				}
				if let Some(who) = step.change.filter(|who| *who <= u64::from(validators + waiting)) {
					let origin = RuntimeOrigin::signed(who);
					if candidates().contains(&who) {
						assert_ok!(Staking::chill(origin));
					} else {
						assert_ok!(Staking::validate(origin, Default::default()));
					}
				}
			}
		});
	}
}
