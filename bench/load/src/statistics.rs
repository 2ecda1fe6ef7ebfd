//! Percentiles, medians and their intervals.

/// The smallest of the `sorted` values that is not below `share` of them; `None` without values.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
	let rank = (sorted.len() as f64 * share).ceil() as usize;
	sorted.get(rank.saturating_sub(1)).copied()
}

/// The middle value, or the mean of the two in the middle; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
	let sorted = sorted(values);
	let upper = sorted.get(sorted.len() / 2)?;
	let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
	Some((lower + upper) / 2.0)
}

/// Interval that holds the true median with a probability of at least 95 %, whatever the distribution; `None` with
/// fewer than six values.
///
/// Its ends are order statistics: the number of values below the true median has a binomial distribution.
pub fn interval(values: &[f64]) -> Option<(f64, f64)> {
	let sorted = sorted(values);
	let mut outside = 0.0;
	let mut skipped = 0;
	for (below, probability) in binomial(sorted.len()).enumerate() {
		// Both sides.
		outside += 2.0 * probability;
		if outside > 0.05 {
			break;
		}
		skipped = below + 1;
	}
	let lowest = skipped.checked_sub(1)?;
	Some((*sorted.get(lowest)?, *sorted.get(sorted.len().checked_sub(skipped)?)?))
}

/// Probabilities that 0, 1, 2 ... of `count` fair coins show heads.
fn binomial(count: usize) -> impl Iterator<Item = f64> {
	let none = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
	(0..count).scan(none, move |probability, heads| {
		let this = *probability;
		*probability *= (count - heads) as f64 / (heads + 1) as f64;
		Some(this)
	})
}

fn sorted(values: &[f64]) -> Vec<f64> {
	let mut sorted = values.to_vec();
	sorted.sort_by(f64::total_cmp);
	sorted
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentile_is_the_nearest_rank() {
		let values: Vec<f64> = (1..=200).map(f64::from).collect();
		assert_eq!(percentile(&values, 0.5), Some(100.0));
		assert_eq!(percentile(&values, 0.99), Some(198.0));
		assert_eq!(percentile(&values, 1.0), Some(200.0));
		assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
		assert_eq!(percentile(&[], 0.5), None);
	}

	#[test]
	fn median_of_an_even_number_is_the_mean_of_the_middle() {
		assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
		assert_eq!(median(&[4.0, 1.0, 3.0]), Some(3.0));
		assert_eq!(median(&[]), None);
	}

	/// The ranks are those of every table of this interval.
	#[test]
	fn interval_has_the_ranks_of_the_binomial_distribution() {
		let first = |count: u32| (1..=count).map(f64::from).collect::<Vec<_>>();
		assert_eq!(interval(&first(5)), None);
		assert_eq!(interval(&first(6)), Some((1.0, 6.0)));
		assert_eq!(interval(&first(10)), Some((2.0, 9.0)));
		assert_eq!(interval(&first(20)), Some((6.0, 15.0)));
	}
}
