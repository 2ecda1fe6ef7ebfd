//! Reports validators that author two blocks in one slot (CON-R21).
//!
//! The SDK's Aura only logs such an equivocation. Here a [`HeaderObserver`] around the block import
//! hands every header whose seal Aura has checked to a [`Reporter`], even if the database then
//! refuses the block because a sibling is already final. The reporter compares the headers of each
//! slot in the background and submits the report to the node's own pool. From there only the node's
//! own blocks can carry the report, so every validator reports what it sees, and the chain counts
//! it once.
//!
//! The reporter never stops an import or the node: a header is dropped if the queue is full, and an
//! error is only logged. Headers are kept only in memory, so this node does not notice an
//! equivocation whose first block it saw before a restart.

mod observed_header;
mod observer;
mod recent_headers;
mod reporter;
#[cfg(test)]
mod tests;

pub use observed_header::ObservedHeader;
pub use observer::{observe, HeaderObserver};
pub use reporter::Reporter;
