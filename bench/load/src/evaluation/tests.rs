use super::*;
use clap::Parser;

#[derive(clap::Parser)]
struct Options {
	#[command(flatten)]
	load: Load,
}

fn load() -> Load {
	Options::parse_from(["test", "--in-time-ms", "1000"]).load
}

fn sent(due_ms: u64) -> Sent {
	Sent { due: Duration::from_millis(due_ms), refused: None }
}

/// Figures of transactions with these times, in milliseconds: when each had to be sent, and when it was final.
fn figures(times: &[(u64, Option<u64>)], has_failed: bool) -> Figures {
	let start = Instant::now();
	let seen = |at: u64| Final { at: start + Duration::from_millis(at), height: at, has_failed };
	let outcome = Outcome {
		sent: times.iter().map(|(due, _)| sent(*due)).collect(),
		finals: times.iter().map(|(_, at)| at.map(seen)).collect(),
	};
	Figures::new(&load(), start, Measured { outcome, samples: Vec::new(), loader_cpu_s: 0.0 })
}

#[test]
fn latency_counts_from_the_time_at_which_a_transaction_had_to_be_sent() {
	let figures = figures(&[(0, Some(500)), (100, Some(700)), (1_200, Some(3_200))], false);
	assert_eq!(figures.latency.p50_ms, Some(600.0));
	assert_eq!(figures.latency.max_ms, Some(2_000.0));
	assert_eq!(figures.seconds[0].latency.max_ms, Some(600.0));
	assert_eq!(figures.seconds[1].latency.max_ms, Some(2_000.0));
	assert_eq!(figures.seconds[2].latency, Latency::default());
}

#[test]
fn transactions_that_are_late_or_not_final_are_not_in_time() {
	let figures =
		figures(&[(0, Some(1_000)), (0, Some(1_001)), (0, None), (500, Some(900))], false);
	assert_eq!((figures.finalised, figures.in_time), (3, 0.5));
}

#[test]
fn transactions_that_failed_do_not_count() {
	let figures = figures(&[(0, Some(500)), (0, None)], true);
	assert_eq!((figures.finalised, figures.failed, figures.blocks), (0, 1, 0));
	assert_eq!((figures.finalised_per_s, figures.in_time), (0.0, 0.0));
}

#[test]
fn rate_is_that_from_the_first_submission_to_the_last_finality() {
	let figures =
		figures(&[(1_000, Some(2_000)), (1_000, Some(2_000)), (1_000, Some(5_000))], false);
	assert_eq!((figures.total_s, figures.finalised_per_s), (4.0, 0.75));
	assert_eq!((figures.blocks, figures.fullest_block), (2, 2));
}

#[test]
fn steady_rate_ignores_beginning_and_end() {
	// Ten transactions a second, after a pause of ten seconds for the first and before one for the last.
	let middle = (0..100).map(|n| (0, Some(10_000 + n * 100)));
	let times: Vec<_> =
		[(0, Some(1))].into_iter().chain(middle).chain([(0, Some(60_000))]).collect();
	let figures = figures(&times, false);
	assert!((figures.steady_per_s - 10.0).abs() < 0.01, "{}", figures.steady_per_s);
}

#[test]
fn refusals_are_counted_by_reason() {
	let refused = |reason: &str| Sent { refused: Some(reason.into()), ..sent(0) };
	let outcome = Outcome {
		sent: vec![refused("full"), sent(0), refused("full"), refused("stale")],
		finals: vec![None; 4],
	};
	let measured = Measured { outcome, samples: Vec::new(), loader_cpu_s: 0.0 };
	let figures = Figures::new(&load(), Instant::now(), measured);
	assert_eq!(figures.accepted, 1);
	assert_eq!(figures.refused, BTreeMap::from([("full".into(), 2), ("stale".into(), 1)]));
}

#[test]
fn node_figures_are_differences_and_maxima() {
	let sample =
		|cpu_s, memory_bytes, folder_bytes| Sample { at_s: 0.0, cpu_s, memory_bytes, folder_bytes };
	let samples = vec![sample(1.0, 100, 1_000), sample(2.0, 300, 900), sample(3.0, 200, 5_000)];
	let node = NodeFigures::new(samples, 1_000).expect("there are samples");
	assert_eq!((node.cpu_us, node.memory_max_bytes, node.database_bytes), (2_000.0, 300, 4.0));
	assert!(NodeFigures::new(Vec::new(), 1).is_none());
}
