//! The limits of a block in memory, for the duration of a transaction.
//!
//! Memory is no part of the state. An author applies the transactions of a block in many instances of the Wasm, up to
//! 32 in each, and the other nodes apply all of them in one. So each signed transaction of a block must start with
//! nothing remembered, whatever its instance has done before. Whoever makes the runtime remember the limits reads them
//! from the storage first, and makes it forget them before the transaction ends. A transaction that is refused leaves
//! them behind, but it is the last one of its instance (ADR 0035).

use crate::BlockBudget;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// A budget, or none. Atomic because a `static` has to be; no two threads share one.
struct Memory {
	is_set: AtomicBool,
	build_ms: AtomicU32,
	weight_ms: AtomicU32,
	length_bytes: AtomicU32,
}

impl Memory {
	const fn new() -> Self {
		Self {
			is_set: AtomicBool::new(false),
			build_ms: AtomicU32::new(0),
			weight_ms: AtomicU32::new(0),
			length_bytes: AtomicU32::new(0),
		}
	}
}

/// The memory of this call of the runtime: each call has a new instance of the Wasm, which only one thread runs.
#[cfg(not(feature = "std"))]
static MEMORY: Memory = Memory::new();

#[cfg(feature = "std")]
std::thread_local! {
	/// The memory of this thread: native code runs the tests of several chains at the same time.
	static MEMORY: Memory = const { Memory::new() };
}

#[cfg(not(feature = "std"))]
fn with<T>(work: impl FnOnce(&Memory) -> T) -> T {
	work(&MEMORY)
}

#[cfg(feature = "std")]
fn with<T>(work: impl FnOnce(&Memory) -> T) -> T {
	MEMORY.with(work)
}

/// What was remembered last, unless it was forgotten since.
pub(crate) fn remembered() -> Option<BlockBudget> {
	with(|memory| {
		memory.is_set.load(Relaxed).then(|| BlockBudget {
			build_ms: memory.build_ms.load(Relaxed),
			weight_ms: memory.weight_ms.load(Relaxed),
			length_bytes: memory.length_bytes.load(Relaxed),
		})
	})
}

/// Replaces what was remembered before.
pub(crate) fn remember(budget: BlockBudget) {
	with(|memory| {
		memory.build_ms.store(budget.build_ms, Relaxed);
		memory.weight_ms.store(budget.weight_ms, Relaxed);
		memory.length_bytes.store(budget.length_bytes, Relaxed);
		memory.is_set.store(true, Relaxed);
	});
}

/// Forgets what was remembered, if anything was.
pub(crate) fn forget() {
	with(|memory| memory.is_set.store(false, Relaxed));
}
