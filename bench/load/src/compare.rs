//! Compares two nodes under the same load.

use crate::{
	cli::Compare,
	error::Result,
	evaluation::{Figures, NodeFigures},
	measurement::measure,
	node::{Network, Side},
	plot::{self, Panel, Series},
	report::{self, Record},
	summary::{self, order, Row, Visit},
};

/// A figure that is compared.
type Figure = (&'static str, fn(&Figures) -> Option<f64>);

const FIGURES: [Figure; 9] = [
	("finalised a second", |figures| Some(figures.finalised_per_s)),
	("steady a second", |figures| Some(figures.steady_per_s)),
	("in time, %", |figures| Some(figures.in_time * 100.0)),
	("p50, ms", |figures| figures.latency.p50_ms),
	("p99, ms", |figures| figures.latency.p99_ms),
	("nodes' processors, us each", |figures| sum(figures, |node| node.cpu_us)),
	("loader's processors, s", |figures| Some(figures.loader_cpu_s)),
	("memory at most, MiB", |figures| {
		sum(figures, |node| node.memory_max_bytes as f64 / 1_048_576.0)
	}),
	("database, bytes each", |figures| sum(figures, |node| node.database_bytes)),
];

fn sum(figures: &Figures, of: impl Fn(&NodeFigures) -> f64) -> Option<f64> {
	(!figures.nodes.is_empty()).then(|| figures.nodes.iter().map(of).sum())
}

/// Runs the command.
pub async fn compare(arguments: Compare) -> Result<()> {
	let Compare { sides: options, place, load } = arguments;
	load.check()?;
	let sides = options.all()?;
	let mut visits: Vec<(usize, usize, Figures)> = Vec::new();
	for round in 0..options.rounds {
		for (turn, side) in order(sides.len() > 1).iter().copied().enumerate() {
			let Side { name, .. } = &sides[side];
			println!("round {} of {}, {name}", round + 1, options.rounds);
			let network = Network::start(&sides[side], &place, &options.output).await?;
			let figures = measure(&network.target(), &load).await?;
			drop(network);
			report::print(&figures);
			let stem = options.output.join(format!("round-{:02}-{}-{name}", round + 1, turn + 1));
			report::write_json(&stem.with_extension("json"), &figures)?;
			plot::draw(&stem.with_extension("svg"), &report::panels(&figures))?;
			visits.push((round, side, figures));
		}
	}

	let rows: Vec<Row> = FIGURES
		.into_iter()
		.map(|(name, value)| {
			let values = visits.iter().filter_map(|(round, side, figures)| {
				Some(Visit { round: *round, side: *side, value: value(figures)? })
			});
			Row::new(name, &values.collect::<Vec<_>>())
		})
		.collect();
	let names: Vec<&str> = sides.iter().map(|side| side.name.as_str()).collect();
	summary::print(&names, &rows);
	plot::draw(&options.output.join("comparison.svg"), &[panel(&names, &visits)])?;
	let record = Record::new(&options, &sides, &place, &load, rows);
	report::write_json(&options.output.join("comparison.json"), &record)
}

/// The rates of all visits.
fn panel(names: &[&str], visits: &[(usize, usize, Figures)]) -> Panel {
	let series = names.iter().enumerate().map(|(side, name)| {
		let points = visits
			.iter()
			.zip(1_u32..)
			.filter(|((_, visited, _), _)| *visited == side)
			.map(|((.., figures), number)| (f64::from(number), figures.finalised_per_s))
			.collect();
		Series { name: (*name).into(), points }
	});
	Panel {
		title: "Finalised transactions a second".into(),
		x: "visit".into(),
		y: "transactions a second".into(),
		series: series.collect(),
	}
}
