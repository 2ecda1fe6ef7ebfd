//! Runs blocking work outside the tasks that serve connections, a few pieces at a time.

use crate::error::Error;
use std::{sync::Arc, time::Instant};
use tokio::sync::Semaphore;

/// Maximum number of pieces of work of one kind that run at the same time; the others wait.
const MAX_CONCURRENT: usize = 4;

/// Limits how many pieces of one kind of work run at the same time. Those that wait take turns.
#[derive(Clone)]
pub struct WorkLimiter {
	permits: Arc<Semaphore>,
	/// Whether each piece of work is followed by a rest of the same length.
	rests: bool,
}

impl WorkLimiter {
	/// A limiter for one kind of work.
	pub fn new() -> Self {
		Self { permits: Arc::new(Semaphore::new(MAX_CONCURRENT)), rests: false }
	}

	/// A limiter for work that can wait: it takes half of one core.
	pub fn of_background() -> Self {
		Self { permits: Arc::new(Semaphore::new(1)), rests: true }
	}

	/// Runs `work` on a thread that may block, once a permit is free.
	pub async fn run<T: Send + 'static>(
		&self,
		work: impl FnOnce() -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		let unavailable = |error: &dyn ToString| Error::Unavailable(error.to_string());
		let permit = self.permits.clone().acquire_owned().await.map_err(|it| unavailable(&it))?;
		// The permit goes along: the work ends by itself, even if nobody waits for it any more.
		let work = move || {
			let began = Instant::now();
			let result = work();
			(permit, result, began.elapsed())
		};
		let (permit, result, took) =
			tokio::task::spawn_blocking(work).await.map_err(|it| unavailable(&it))?;
		if self.rests {
			tokio::time::sleep(took).await;
		}
		drop(permit);
		result
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::future::join_all;
	use std::{
		sync::atomic::{AtomicUsize, Ordering},
		thread,
		time::Duration,
	};

	#[test]
	fn work_beyond_the_limit_waits_and_all_of_it_is_done() {
		let [running, most] = [0, 0].map(|it| Arc::new(AtomicUsize::new(it)));
		let limiter = WorkLimiter::new();
		let work = |number: usize| {
			let (running, most) = (running.clone(), most.clone());
			limiter.run(move || {
				most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
				thread::sleep(Duration::from_millis(1));
				running.fetch_sub(1, Ordering::SeqCst);
				Ok(number)
			})
		};
		let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
		let done = runtime.block_on(join_all((0..40).map(work)));
		let done: Vec<usize> = done.into_iter().map(Result::unwrap).collect();
		assert_eq!(done, (0..40).collect::<Vec<_>>());
		assert!((1..=MAX_CONCURRENT).contains(&most.load(Ordering::SeqCst)));
	}

	#[test]
	fn work_that_panics_returns_its_permit() {
		let limiter = WorkLimiter::new();
		let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
		runtime.block_on(async {
			for _ in 0..=MAX_CONCURRENT {
				let failed = limiter.run(|| -> Result<(), Error> { panic!("on purpose") }).await;
				assert!(matches!(failed, Err(Error::Unavailable(_))));
			}
			assert!(matches!(limiter.run(|| Ok(7)).await, Ok(7)));
		});
	}

	#[test]
	fn background_work_rests_as_long_as_it_worked() {
		let limiter = WorkLimiter::of_background();
		let piece = Duration::from_millis(20);
		let work = |_| {
			limiter.run(move || {
				thread::sleep(piece);
				Ok(())
			})
		};
		let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
		let began = Instant::now();
		runtime.block_on(join_all((0..3).map(work)));
		assert!(began.elapsed() >= piece * 6, "{:?}", began.elapsed());
	}
}
