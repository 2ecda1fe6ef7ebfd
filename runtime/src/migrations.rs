//! Storage migrations that a runtime upgrade runs.

/// Migrations of the release under development. Empty it when the release has been enacted.
pub type Unreleased = ();

/// Migrations that are safe to run in every release.
pub type Permanent = ();

/// What `on_runtime_upgrade` runs, once, in one block.
pub type SingleBlockMigrations = (Unreleased, Permanent);
