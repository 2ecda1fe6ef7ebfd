//! What is printed and written.

use crate::{
	cli::Sides,
	error::Result,
	evaluation::{Figures, NodeFigures, Second},
	load::Load,
	node::{Place, Side},
	plot::{Panel, Series},
	summary::Row,
};
use serde::Serialize;
use std::{fs, path::Path};

const MEBIBYTE: f64 = 1_024.0 * 1_024.0;

/// The machine, for the record.
#[derive(Serialize)]
struct Machine {
	processor: String,
	cores: usize,
	memory: String,
	system: String,
}

impl Machine {
	/// What Linux says; empty where it says nothing.
	fn read() -> Self {
		let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
		let processors = text("/proc/cpuinfo");
		Self {
			processor: value(&processors, "model name"),
			// All, even if this program may use only some.
			cores: processors.lines().filter(|line| line.starts_with("processor")).count(),
			memory: value(&text("/proc/meminfo"), "MemTotal"),
			system: text("/proc/version").trim().into(),
		}
	}
}

/// What follows the first `name` and a colon.
fn value(text: &str, name: &str) -> String {
	let line = text.lines().find(|line| line.starts_with(name));
	let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
	value.unwrap_or_default().into()
}

/// The record of a command that starts nodes.
#[derive(Serialize)]
pub struct Record<'a> {
	machine: Machine,
	commit: Option<&'a str>,
	rounds: usize,
	sides: &'a [Side],
	/// Of the programs, which may be older than the commit.
	versions: Vec<String>,
	place: &'a Place,
	load: &'a Load,
	rows: Vec<Row>,
}

impl<'a> Record<'a> {
	pub fn new(
		options: &'a Sides,
		sides: &'a [Side],
		place: &'a Place,
		load: &'a Load,
		rows: Vec<Row>,
	) -> Self {
		Self {
			machine: Machine::read(),
			commit: options.commit.as_deref(),
			rounds: options.rounds,
			sides,
			versions: sides.iter().map(Side::version).collect(),
			place,
			load,
			rows,
		}
	}
}

/// Writes `value` as JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
	let json = serde_json::to_string_pretty(value)?;
	fs::write(path, json).map_err(|error| format!("{}: {error}", path.display()))?;
	Ok(())
}

/// Prints the figures of one measurement.
pub fn print(figures: &Figures) {
	let load = &figures.load;
	let speed = load.rate.map_or("full speed".to_string(), |rate| format!("{rate:.0} a second"));
	let transport = if load.http { "HTTP" } else { "WebSocket" };
	println!(
		"{:?} x {}, {speed}, {} senders, {} connections over {transport}, {} in flight on each",
		load.workload, load.count, load.senders, load.connections, load.in_flight
	);
	println!(
		"accepted {}, finalised {}, failed {}, final within {} ms {:.1} %",
		figures.accepted,
		figures.finalised,
		figures.failed,
		load.in_time_ms,
		figures.in_time * 100.0
	);
	for (reason, count) in &figures.refused {
		println!("refused {count}: {reason}");
	}
	println!(
		"finalised {:.1}/s in {:.1} s, {:.1}/s steady; {} blocks, the fullest with {}",
		figures.finalised_per_s,
		figures.total_s,
		figures.steady_per_s,
		figures.blocks,
		figures.fullest_block
	);
	let latency = &figures.latency;
	let ms = |value: Option<f64>| value.map_or("-".to_string(), |ms| format!("{ms:.0} ms"));
	println!(
		"from submission to finality: p50 {}, p95 {}, p99 {}, max {}",
		ms(latency.p50_ms),
		ms(latency.p95_ms),
		ms(latency.p99_ms),
		ms(latency.max_ms)
	);
	for (number, node) in figures.nodes.iter().enumerate() {
		print_node(number + 1, node);
	}
	println!("loader: {:.1} s of the processors", figures.loader_cpu_s);
}

fn print_node(number: usize, node: &NodeFigures) {
	println!(
		"node {number}: {:.1} s of the processors ({:.0} us a transaction); memory {:.0} MiB, at most {:.0}, \
		 at first {:.0}; database {:+.1} MiB ({:.0} bytes a transaction)",
		node.cpu_s,
		node.cpu_us,
		node.memory_end_bytes as f64 / MEBIBYTE,
		node.memory_max_bytes as f64 / MEBIBYTE,
		node.memory_start_bytes as f64 / MEBIBYTE,
		node.database_growth_bytes as f64 / MEBIBYTE,
		node.database_bytes,
	);
}

/// The plots of one measurement, by second.
pub fn panels(figures: &Figures) -> Vec<Panel> {
	let by_second = |name: &str, value: &dyn Fn(&Second) -> Option<f64>| Series {
		name: name.into(),
		points: figures
			.seconds
			.iter()
			.filter_map(|second| Some((second.second as f64, value(second)?)))
			.collect(),
	};
	let memory = figures.nodes.iter().zip(1_u32..).map(|(node, number)| Series {
		name: format!("node {number}"),
		points: node.samples.iter().map(|s| (s.at_s, s.memory_bytes as f64 / MEBIBYTE)).collect(),
	});
	let mut panels = vec![
		Panel {
			title: "Transactions".into(),
			x: "seconds since the start".into(),
			y: "transactions a second".into(),
			series: vec![
				by_second("finalised", &|second| Some(second.finalised as f64)),
				by_second("submitted", &|second| Some(second.submitted as f64)),
			],
		},
		Panel {
			title: "From submission to finality".into(),
			x: "second of the submission".into(),
			y: "milliseconds".into(),
			series: vec![
				by_second("p50", &|second| second.latency.p50_ms),
				by_second("p99", &|second| second.latency.p99_ms),
			],
		},
	];
	if !figures.nodes.is_empty() {
		panels.push(Panel {
			title: "Memory".into(),
			x: "seconds since the start".into(),
			y: "MiB".into(),
			series: memory.collect(),
		});
	}
	panels
}
