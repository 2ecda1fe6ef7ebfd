//! Finds the highest rate at which transactions are final in time.

mod search;

use crate::{
	cli::Knee,
	error::Result,
	evaluation::Figures,
	load::Load,
	measurement::{measure, Target},
	node::{Network, Side},
	plot::{self, Panel, Series},
	report::{self, Record},
	summary::{self, order, Row, Visit},
};
use search::Search;
use serde::Serialize;

/// Part of the transactions that has to be final in time.
const IN_TIME: f64 = 0.95;

/// The knee of a side on one visit.
#[derive(Serialize)]
struct Found {
	/// Highest rate that was kept, in transactions a second.
	rate: f64,
	/// Under half of it.
	half: Figures,
	/// Under all rates that were tried.
	steps: Vec<Figures>,
}

/// Runs the command.
pub async fn knee(arguments: Knee) -> Result<()> {
	let Knee { start_rate, step_s, sides: options, place, load } = arguments;
	at_rate(&load, start_rate, step_s).check()?;
	let sides = options.all()?;
	let mut visits: Vec<(usize, usize, Found)> = Vec::new();
	for round in 0..options.rounds {
		for (turn, side) in order(sides.len() > 1).iter().copied().enumerate() {
			let Side { name, .. } = &sides[side];
			println!("round {} of {}, {name}", round + 1, options.rounds);
			let network = Network::start(&sides[side], &place, &options.output).await?;
			let found = find(&network.target(), &load, start_rate, step_s).await?;
			drop(network);
			println!("knee of {name}: {:.0} transactions a second", found.rate);
			let stem = options.output.join(format!("round-{:02}-{}-{name}", round + 1, turn + 1));
			report::write_json(&stem.with_extension("json"), &found)?;
			plot::draw(&stem.with_extension("svg"), &panels(&found))?;
			visits.push((round, side, found));
		}
	}
	let rows = rows(&visits);
	let names: Vec<&str> = sides.iter().map(|side| side.name.as_str()).collect();
	summary::print(&names, &rows);
	let record = Record::new(&options, &sides, &place, &load, rows);
	report::write_json(&options.output.join("knee.json"), &record)
}

/// The load at this rate, for this time.
fn at_rate(load: &Load, rate: f64, step_s: f64) -> Load {
	let count = (rate * step_s).ceil().max(1.0) as usize;
	Load { rate: Some(rate), count, max_pending: None, ..load.clone() }
}

async fn find(target: &Target, load: &Load, start_rate: f64, step_s: f64) -> Result<Found> {
	let mut search = Search::new(start_rate);
	let mut steps = Vec::new();
	while let Some(rate) = search.next_rate() {
		let figures = measure(target, &at_rate(load, rate, step_s)).await?;
		let is_kept = figures.in_time >= IN_TIME;
		report::print(&figures);
		println!("{rate:.0} a second: {}\n", if is_kept { "kept" } else { "too fast" });
		search.note(rate, is_kept);
		steps.push(figures);
	}
	let rate = search.kept().ok_or("the nodes keep no rate at all: see the figures above")?;
	println!("half of the knee:");
	let half = measure(target, &at_rate(load, rate / 2.0, step_s)).await?;
	report::print(&half);
	Ok(Found { rate, half, steps })
}

fn rows(visits: &[(usize, usize, Found)]) -> Vec<Row> {
	let row = |name: &str, value: &dyn Fn(&Found) -> Option<f64>| {
		let values = visits.iter().filter_map(|(round, side, found)| {
			Some(Visit { round: *round, side: *side, value: value(found)? })
		});
		Row::new(name, &values.collect::<Vec<_>>())
	};
	vec![
		row("knee, transactions a second", &|found| Some(found.rate)),
		row("p50 at half the knee, ms", &|found| found.half.latency.p50_ms),
		row("p99 at half the knee, ms", &|found| found.half.latency.p99_ms),
	]
}

/// What became final at each rate, and how soon.
fn panels(found: &Found) -> [Panel; 2] {
	let mut steps: Vec<&Figures> = found.steps.iter().collect();
	steps.sort_by(|a, b| a.load.rate.unwrap_or(0.0).total_cmp(&b.load.rate.unwrap_or(0.0)));
	let line = |name: &str, value: &dyn Fn(&Figures) -> Option<f64>| Series {
		name: name.into(),
		points: steps
			.iter()
			.copied()
			.filter_map(|step| Some((step.load.rate?, value(step)?)))
			.collect(),
	};
	[
		Panel {
			title: "Knee".into(),
			x: "offered transactions a second".into(),
			y: "transactions a second".into(),
			series: vec![
				line("finalised", &|step| Some(step.finalised_per_s)),
				line("final in time", &|step| Some(step.in_time * step.load.rate?)),
			],
		},
		Panel {
			title: "From submission to finality".into(),
			x: "offered transactions a second".into(),
			y: "milliseconds".into(),
			series: vec![
				line("p50", &|step| step.latency.p50_ms),
				line("p99", &|step| step.latency.p99_ms),
			],
		},
	]
}
