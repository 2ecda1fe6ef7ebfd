//! Storage migrations that a runtime upgrade runs. How to write one: docs/architecture.md.

/// Migrations of the release under development. Empty it when the release has been enacted.
pub type Unreleased = ();

/// Migrations that are safe to run in every release.
pub type Permanent = ();

/// What `on_runtime_upgrade` runs, once, in one block.
pub type SingleBlockMigrations = (Unreleased, Permanent);

/// Migrations that take several blocks, of the release under development. They start after those of
/// [`SingleBlockMigrations`] and run in order. Empty it in the release after the one that completed them.
#[cfg(not(any(feature = "rehearsal", feature = "runtime-benchmarks")))]
pub type MultiBlockMigrations = ();

/// The migration of a rehearsal.
#[cfg(all(feature = "rehearsal", not(feature = "runtime-benchmarks")))]
pub type MultiBlockMigrations = (crate::rehearsal::MarkEntries,);

/// The benchmarks and the tests choose by storage what the migrations do; without that there are none.
#[cfg(feature = "runtime-benchmarks")]
pub type MultiBlockMigrations = pallet_migrations::mock_helpers::MockedMigrations;
