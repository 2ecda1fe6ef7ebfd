//! What a process uses: time of the processors, memory and disk space.

use crate::error::Result;
use serde::Serialize;
use std::{
	fs, io,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// Ticks of the clock in which Linux counts the time of the processors, in a second.
const TICKS_PER_SECOND: f64 = 100.0;
const SAMPLE_PERIOD: Duration = Duration::from_secs(1);

/// A process that is watched.
#[derive(Clone, Debug)]
pub struct Process {
	pub pid: u32,
	/// Folder whose growth is that of the database.
	pub folder: Option<PathBuf>,
}

/// What a process has used until now.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
	/// Since the beginning of the measurement.
	pub at_s: f64,
	pub cpu_s: f64,
	pub memory_bytes: u64,
	/// Disk space of the folder.
	pub folder_bytes: u64,
}

impl Process {
	fn sample(&self, start: Instant) -> Result<Sample> {
		Ok(Sample {
			at_s: start.elapsed().as_secs_f64(),
			cpu_s: cpu_seconds(self.pid)?,
			memory_bytes: memory_bytes(self.pid)?,
			folder_bytes: self.folder.as_deref().map(folder_bytes).transpose()?.unwrap_or(0),
		})
	}
}

/// Time of the processors that a process has used, in seconds.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
	let path = format!("/proc/{pid}/stat");
	let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
	// The name of the program stands in parentheses and may have spaces.
	let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
	// `utime` and `stime`.
	let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
	Ok(ticks / TICKS_PER_SECOND)
}

/// Resident memory of a process.
fn memory_bytes(pid: u32) -> Result<u64> {
	let path = format!("/proc/{pid}/status");
	let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
	let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
	let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
	Ok(kibibytes.ok_or_else(|| format!("{path} has no VmRSS"))? * 1_024)
}

/// Disk space of the files in a folder and the folders below. Files that vanish meanwhile do not count.
fn folder_bytes(folder: &Path) -> io::Result<u64> {
	let mut sum = 0;
	for entry in fs::read_dir(folder)? {
		let entry = entry?;
		let metadata = match entry.metadata() {
			Ok(metadata) => metadata,
			Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
			Err(error) => return Err(error),
		};
		// In units of 512 bytes, so that the holes of a sparse file do not count.
		sum +=
			if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.blocks() * 512 };
	}
	Ok(sum)
}

/// Takes samples of processes until it is stopped.
pub struct Monitor {
	stop: oneshot::Sender<()>,
	task: JoinHandle<Result<Vec<Vec<Sample>>>>,
}

impl Monitor {
	/// Takes the first samples now.
	pub fn start(processes: Vec<Process>, start: Instant) -> Self {
		let (stop, stopped) = oneshot::channel();
		Self { stop, task: tokio::spawn(watch(processes, start, stopped)) }
	}

	/// Takes the last samples and returns all, for each process.
	pub async fn stop(self) -> Result<Vec<Vec<Sample>>> {
		// The task has ended if nobody receives this; its error follows.
		let _ = self.stop.send(());
		self.task.await?
	}
}

async fn watch(
	processes: Vec<Process>,
	start: Instant,
	mut stopped: oneshot::Receiver<()>,
) -> Result<Vec<Vec<Sample>>> {
	let mut samples = vec![Vec::new(); processes.len()];
	let mut is_last = false;
	loop {
		for (process, samples) in processes.iter().zip(&mut samples) {
			samples.push(process.sample(start)?);
		}
		if is_last {
			return Ok(samples);
		}
		is_last = tokio::time::timeout(SAMPLE_PERIOD, &mut stopped).await.is_ok();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn own_process_uses_time_and_memory() {
		let counted = || cpu_seconds(std::process::id()).expect("the process runs");
		let (before, start) = (counted(), Instant::now());
		// Counting takes time itself, in whatever share of a processor the test gets.
		let used = loop {
			let used = counted() - before;
			if used >= 0.1 {
				break used;
			}
			assert!(start.elapsed() < Duration::from_secs(60), "{used} s were counted in a minute");
		};
		let processors = std::thread::available_parallelism().map_or(1, |number| number.get());
		assert!(used <= start.elapsed().as_secs_f64() * processors as f64 + 0.05, "{used}");
		assert!(memory_bytes(std::process::id()).expect("the process runs") > 100_000);
	}

	#[test]
	fn process_that_does_not_exist_is_an_error() {
		let error = cpu_seconds(u32::MAX).expect_err("there is no such process");
		assert!(error.to_string().starts_with("/proc/4294967295/stat: "), "{error}");
	}
}
