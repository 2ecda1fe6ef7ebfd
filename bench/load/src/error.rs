//! Errors: each ends the program, which prints it.

/// What failed, and what to do about it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Result of a step.
pub type Result<T, E = Error> = std::result::Result<T, E>;
