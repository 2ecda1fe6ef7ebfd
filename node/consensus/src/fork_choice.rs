//! Chooses between two blocks with the same parent by the times at which they arrived.
//!
//! The SDK keeps the block that was imported first. An author could exploit that: it publishes its block so late that
//! the next author does not build on it, and so early that the other nodes import it before the next author's block.
//! The next author loses its slot. As the order of the authors is always the same, it loses nearly all of its slots. An
//! author that publishes too early can do the same to the one before.
//!
//! Here a block is punctual on a node whose import of it begins and ends within the block's own slot.
//! [`PunctualImport`] makes a block that arrives within its slot the best one, if the best one so far is its sibling
//! and was not punctual. [`PunctualVote`] keeps GRANDPA from making a block final that may still be replaced in this
//! way. Both learn from a [`BestArrival`] how the best block arrived.
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
