//! Tells the pool's validations of its own transactions after a block from those of new ones.
//!
//! The SDK asks for both in the same way. But it asks for the former in one task, which it spawns when the pool is
//! made.

use futures::{future::BoxFuture, FutureExt};
use sp_core::traits::SpawnEssentialNamed;

tokio::task_local! {
	/// `true` in the task that validates the pool's transactions again, and not set in all others.
	static IS_REVALIDATION: bool;
}

/// Whether the current task is that of the revalidations.
pub(super) fn is_asking() -> bool {
	IS_REVALIDATION.try_with(|is_revalidation| *is_revalidation).unwrap_or(false)
}

/// Does `work` as if in that task.
#[cfg(test)]
pub(super) fn pretend<T>(work: impl FnOnce() -> T) -> T {
	IS_REVALIDATION.sync_scope(true, work)
}

/// Spawns the task of the revalidations, so that it is known as such.
#[derive(Clone)]
pub(super) struct RevalidationSpawner(pub(super) Box<dyn SpawnEssentialNamed>);

impl SpawnEssentialNamed for RevalidationSpawner {
	fn spawn_essential_blocking(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		task: BoxFuture<'static, ()>,
	) {
		self.0.spawn_essential_blocking(name, group, IS_REVALIDATION.scope(true, task).boxed());
	}

	fn spawn_essential(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		task: BoxFuture<'static, ()>,
	) {
		self.0.spawn_essential(name, group, IS_REVALIDATION.scope(true, task).boxed());
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::{channel::oneshot, executor::block_on};
	use sp_core::testing::TaskExecutor;

	/// Whether a task that `spawner` spawns is known as that of the revalidations.
	fn is_known(spawner: &dyn SpawnEssentialNamed) -> bool {
		let (sender, receiver) = oneshot::channel();
		let task = async move { sender.send(is_asking()).expect("the test waits") };
		spawner.spawn_essential("test", None, task.boxed());
		block_on(receiver).expect("the task answers")
	}

	#[test]
	fn only_the_task_of_the_pool_is_known_as_that_of_the_revalidations() {
		let spawner: Box<dyn SpawnEssentialNamed> = Box::new(TaskExecutor::new());
		assert!(!is_known(&*spawner));
		assert!(is_known(&RevalidationSpawner(spawner.clone())));
		assert!(!is_asking());
		assert!(!is_known(&*spawner));
	}
}
