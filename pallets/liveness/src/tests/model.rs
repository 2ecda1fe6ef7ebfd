//! Random chains against a model that looks at every slot.

use super::*;
use proptest::prelude::*;

/// What happens in one block.
#[derive(Clone, Debug)]
struct Step {
	/// Slots that pass before anybody may make the block.
	gap: u64,
	/// Bits of the validators that do not make it.
	offline: u16,
	/// Who equivocates in it, if one of the validators.
	equivocator: Option<AccountId>,
	/// Who stops standing for election in it, or stands again.
	change: Option<AccountId>,
}

fn steps() -> impl Strategy<Value = Step> {
	let gap = prop_oneof![6 => Just(0_u64), 3 => 0_u64..12, 1 => 0_u64..300];
	let one_in = |often: f64| prop::option::weighted(often, 1_u64..=12);
	(gap, any::<u16>(), one_in(0.04), one_in(0.1))
		.prop_map(|(gap, offline, equivocator, change)| Step { gap, offline, equivocator, change })
}

/// What the specification says is counted, in the plainest way.
#[derive(Default)]
struct Model {
	/// Produced, missed and excused slots, by index.
	rows: Vec<(u32, u64, u64)>,
}

impl Model {
	/// CON-R18, slot by slot. Called before the block is made: the chain is in the parent's state.
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

	/// CON-R19: those to be chilled, in order. Called before the block that rotates is made, for
	/// which it does not matter what other candidates there are.
	fn judge(&self, minimum: usize) -> Vec<AccountId> {
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

/// The slot in which somebody makes the next block.
fn choose_slot(step: &Step, parent: Option<u64>) -> u64 {
	let earliest = parent.map_or(FIRST_SLOT, |parent| parent + 1) + step.gap;
	let is_online = |slot: u64| (step.offline >> (author(slot) % 16)) & 1 == 0;
	let round = || earliest..earliest + Session::validators().len() as u64;
	round()
		.find(|slot| may_author(*slot) && is_online(*slot))
		.or_else(|| round().find(|slot| may_author(*slot)))
		.expect("fewer than all are disabled")
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn chain_counts_and_chills_as_the_model_does(
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
				let to_chill = model.judge(minimum as usize);
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
