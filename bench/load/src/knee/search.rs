//! Chooses the rates that are tried.

/// Factor from one rate to the next until one is not kept.
const RAISE: f64 = 1.5;
/// The search ends when the lowest rate that was not kept is at most so much higher than the highest that was.
const PRECISION: f64 = 1.05;
/// Slower nodes keep no rate.
const LEAST_RATE: f64 = 1.0;

/// The rates that were kept and not kept.
pub struct Search {
	start: f64,
	kept: Option<f64>,
	lost: Option<f64>,
}

impl Search {
	/// Begins with the rate `start`.
	pub fn new(start: f64) -> Self {
		Self { start, kept: None, lost: None }
	}

	/// Highest rate that was kept.
	pub fn kept(&self) -> Option<f64> {
		self.kept
	}

	/// The next rate to try; `None` at the end.
	pub fn next_rate(&self) -> Option<f64> {
		match (self.kept, self.lost) {
			(None, None) => Some(self.start),
			(Some(kept), None) => Some(kept * RAISE),
			(None, Some(lost)) => Some(lost / 2.0).filter(|rate| *rate >= LEAST_RATE),
			(Some(kept), Some(lost)) => {
				Some((kept * lost).sqrt()).filter(|_| lost / kept > PRECISION)
			},
		}
	}

	/// Notes whether a rate was kept.
	pub fn note(&mut self, rate: f64, is_kept: bool) {
		if is_kept {
			self.kept = Some(rate);
		} else {
			self.lost = Some(rate);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The rates that are tried on nodes that keep `knee`, and the result.
	fn search(start: f64, knee: f64) -> (usize, Option<f64>) {
		let mut search = Search::new(start);
		let mut steps = 0;
		while let Some(rate) = search.next_rate() {
			search.note(rate, rate <= knee);
			steps += 1;
			assert!(steps < 30, "the search does not end");
		}
		(steps, search.kept())
	}

	#[test]
	fn knee_is_found_from_below_and_from_above() {
		for knee in [3.0, 480.0, 500.0, 1_234.0, 20_000.0] {
			let (_, found) = search(500.0, knee);
			let found = found.expect("a rate is kept");
			assert!(found <= knee && found * PRECISION >= knee, "{found} for {knee}");
		}
	}

	#[test]
	fn search_takes_few_steps() {
		assert!(search(500.0, 2_000.0).0 <= 9);
	}

	#[test]
	fn nodes_that_keep_nothing_have_no_knee() {
		assert_eq!(search(500.0, 0.0).1, None);
	}
}
