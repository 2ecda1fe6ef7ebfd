//! What is printed.

use crate::{chain::Imported, contents::Access, database::WriteTime, Result};
use std::time::Duration;

fn ms(time: Duration) -> f64 {
	time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
	time.as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
	values.sort_by(f64::total_cmp);
	values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Prints what one access to the database takes.
pub fn print_access(rounds: &[Access]) {
	let of = |time: &dyn Fn(&Access) -> Duration| {
		median(rounds.iter().map(|round| us(time(round))).collect())
	};
	println!("database, for one item in the median round of {}:", rounds.len());
	println!("read {:.1} us", of(&|round| round.read));
	type TimeOf = fn(&Access) -> WriteTime;
	let writes: [(&str, TimeOf); 3] = [
		("overwrite", |round| round.overwrite),
		("remove", |round| round.remove),
		("insert", |round| round.insert),
	];
	for (name, write) in writes {
		println!(
			"{name} {:.1} us: state root {:.1} us, commit {:.1} us",
			of(&|round| write(round).total()),
			of(&|round| write(round).root),
			of(&|round| write(round).commit),
		);
	}
}

/// Time of a block's import on the reference machine, as a part of what the block declares.
fn used(block: &Imported, factor: f64) -> f64 {
	(block.execution + block.commit).as_secs_f64() * factor / block.declared.as_secs_f64()
}

/// Prints each block, and what they show together. Fails if a block took longer than it declares.
pub fn print_imports(blocks: &[Imported], factor: f64, slot_duration: Duration) -> Result<()> {
	println!("height    removed  declared ms  executed ms  committed ms   used %");
	for block in blocks {
		println!(
			"{:>6} {:>10} {:>12.1} {:>12.1} {:>13.1} {:>8.1}",
			block.number,
			block.removed,
			ms(block.declared),
			ms(block.execution),
			ms(block.commit),
			used(block, factor) * 100.0,
		);
	}

	let sweeping = || blocks.iter().filter(|block| block.removed > 0);
	let removed: u64 = sweeping().map(|block| block.removed).sum();
	let for_an_entry = median(
		sweeping().map(|block| us(block.execution + block.commit) / block.removed as f64).collect(),
	);
	let blocks_needed = sweeping().count();
	println!(
		"{removed} entries removed in {blocks_needed} blocks, {:.0} s at a block each slot of {} ms; \
		 {for_an_entry:.1} us an entry in the median block",
		(slot_duration * blocks_needed as u32).as_secs_f64(),
		slot_duration.as_millis(),
	);

	let over = blocks.iter().filter(|block| used(block, factor) > 1.0).count();
	let most = blocks.iter().max_by(|a, b| used(a, factor).total_cmp(&used(b, factor)));
	if let Some(most) = most {
		println!(
			"at most {:.1} % of the declared weight, at height {}; machine factor {factor}",
			used(most, factor) * 100.0,
			most.number,
		);
	}
	if over > 0 {
		return Err(format!("{over} blocks took longer than they declare").into());
	}
	Ok(())
}
