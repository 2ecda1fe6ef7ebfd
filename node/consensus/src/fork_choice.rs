//! Chooses between two blocks of one height and one parent by when they arrived.
//!
//! The SDK keeps the block that was imported first. An author could use that: it publishes its block
//! so late that the next author builds beside it, and so early that the other nodes have the late
//! block first. The next author loses its slot, and as the order of the authors is always the same,
//! it loses nearly all of them. An author that publishes too early can do the same to the one before.
//!
//! Here a block is punctual on a node whose import of it begins and ends within the block's own slot.
//! [`PunctualImport`] makes a block that arrives within its slot the best one, if the best one so far
//! is its sibling and was not punctual. [`PunctualVote`] keeps GRANDPA from making a block final that
//! may still be replaced in this way. Both know how the best block arrived by a [`BestArrival`].
//!
//! A punctual block is never replaced, and a change retracts one block. The next block on either
//! sibling decides, as it always has. ADR 0026 has the attacks that this does not prevent.

mod best_arrival;
mod punctual_import;
mod punctual_vote;
#[cfg(test)]
mod tests;

pub use best_arrival::BestArrival;
pub use punctual_import::PunctualImport;
pub use punctual_vote::PunctualVote;
