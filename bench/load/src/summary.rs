//! Medians of several visits to two sides, and their ratio.

use crate::statistics::{interval, median};
use serde::Serialize;

/// A value that was measured on a visit to a side.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
	pub round: usize,
	/// 0 for A and 1 for B.
	pub side: usize,
	pub value: f64,
}

/// A median, and the interval that holds the true one with 95 %, if there are enough values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
	pub median: f64,
	pub interval: Option<(f64, f64)>,
}

impl Estimate {
	/// `None` without values.
	fn of(values: &[f64]) -> Option<Self> {
		Some(Self { median: median(values)?, interval: interval(values) })
	}

	fn text(&self, decimals: usize) -> String {
		let Self { median, interval } = self;
		match interval {
			Some((low, high)) => {
				format!("{median:.decimals$} ({low:.decimals$} to {high:.decimals$})")
			},
			None => format!("{median:.decimals$}"),
		}
	}
}

/// A figure on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	pub name: String,
	pub a: Option<Estimate>,
	pub b: Option<Estimate>,
	/// A through B. Each round has one, from all of its visits, so that a machine that becomes slower or faster
	/// meanwhile changes both sides alike.
	pub ratio: Option<Estimate>,
}

impl Row {
	pub fn new(name: &str, visits: &[Visit]) -> Self {
		let of = |side| {
			let values = visits.iter().filter(|visit| visit.side == side);
			Estimate::of(&values.map(|visit| visit.value).collect::<Vec<_>>())
		};
		Self { name: name.into(), a: of(0), b: of(1), ratio: Estimate::of(&ratios(visits)) }
	}
}

/// The ratio of each round that has values of both sides.
fn ratios(visits: &[Visit]) -> Vec<f64> {
	let rounds = visits.iter().map(|visit| visit.round + 1).max().unwrap_or(0);
	let mean = |round, side| {
		let of_side = visits.iter().filter(|visit| (visit.round, visit.side) == (round, side));
		let values: Vec<f64> = of_side.map(|visit| visit.value).collect();
		(!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
	};
	(0..rounds)
		.filter_map(|round| Some(mean(round, 0)? / mean(round, 1).filter(|b| *b != 0.0)?))
		.collect()
}

/// The side of each visit of a round.
pub fn order(has_b: bool) -> &'static [usize] {
	if has_b {
		&[0, 1, 1, 0]
	} else {
		&[0]
	}
}

/// Prints the rows under the names of the sides.
pub fn print(names: &[&str], rows: &[Row]) {
	let text = |estimate: &Option<Estimate>, decimals| {
		estimate.map_or("-".into(), |estimate| estimate.text(decimals))
	};
	let name = |side: usize| names.get(side).copied().unwrap_or_default();
	println!("{:<30} {:>32} {:>32} {:>24}", "median (95 % interval)", name(0), name(1), "ratio");
	for row in rows {
		let Row { name, a, b, ratio } = row;
		println!("{name:<30} {:>32} {:>32} {:>24}", text(a, 1), text(b, 1), text(ratio, 3));
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn visits(values: &[(usize, usize, f64)]) -> Vec<Visit> {
		values
			.iter()
			.map(|(round, side, value)| Visit { round: *round, side: *side, value: *value })
			.collect()
	}

	#[test]
	fn ratio_is_that_of_the_rounds_so_that_a_slower_machine_does_not_change_it() {
		let round = |round: usize, speed: f64| {
			[(round, 0, 2.0 * speed), (round, 1, speed), (round, 1, speed), (round, 0, 2.0 * speed)]
		};
		let row =
			Row::new("rate", &visits(&[round(0, 100.0), round(1, 10.0), round(2, 1.0)].concat()));
		assert_eq!(row.ratio.map(|ratio| ratio.median), Some(2.0));
		assert_eq!(row.a.map(|a| a.median), Some(20.0));
		assert_eq!(row.b.map(|b| b.median), Some(10.0));
	}

	#[test]
	fn interval_needs_six_rounds() {
		let rounds =
			|count: usize| (0..count).flat_map(|n| [(n, 0, 1.0), (n, 1, 2.0)]).collect::<Vec<_>>();
		let interval =
			|count| Row::new("rate", &visits(&rounds(count))).ratio.and_then(|r| r.interval);
		assert_eq!(interval(5), None);
		assert_eq!(interval(6), Some((0.5, 0.5)));
	}

	#[test]
	fn round_without_one_side_has_no_ratio() {
		let row = Row::new("rate", &visits(&[(0, 0, 1.0), (1, 0, 3.0), (1, 1, 2.0)]));
		assert_eq!(row.ratio, Some(Estimate { median: 1.5, interval: None }));
		assert_eq!(Row::new("rate", &visits(&[(0, 0, 1.0), (0, 1, 0.0)])).ratio, None);
	}
}
