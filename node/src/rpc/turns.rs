//! Work that is too long for the tasks that serve connections, and too much to be done all at once.

use super::error::Error;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many pieces of work of one kind are done at the same time; the others wait for their turn.
const AT_A_TIME: usize = 4;

/// The turns of one kind of work.
#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
	/// Turns that nobody has taken.
	pub fn new() -> Self {
		Self(Arc::new(Semaphore::new(AT_A_TIME)))
	}

	/// Has `work` done where it may block, when its turn comes.
	pub async fn take<T: Send + 'static>(
		&self,
		work: impl FnOnce() -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		let unavailable = |error: &dyn ToString| Error::Unavailable(error.to_string());
		let turn = self.0.clone().acquire_owned().await.map_err(|it| unavailable(&it))?;
		let work = move || {
			let _turn = turn;
			work()
		};
		tokio::task::spawn_blocking(work).await.map_err(|it| unavailable(&it))?
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
	fn no_more_is_done_at_a_time_than_there_are_turns_and_all_is_done() {
		let [running, most] = [0, 0].map(|it| Arc::new(AtomicUsize::new(it)));
		let turns = Turns::new();
		let work = |number: usize| {
			let (running, most) = (running.clone(), most.clone());
			turns.take(move || {
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
		assert!((1..=AT_A_TIME).contains(&most.load(Ordering::SeqCst)));
	}

	#[test]
	fn work_that_panics_gives_its_turn_back() {
		let turns = Turns::new();
		let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
		runtime.block_on(async {
			for _ in 0..=AT_A_TIME {
				let failed = turns.take(|| -> Result<(), Error> { panic!("on purpose") }).await;
				assert!(matches!(failed, Err(Error::Unavailable(_))));
			}
			assert!(matches!(turns.take(|| Ok(7)).await, Ok(7)));
		});
	}
}
