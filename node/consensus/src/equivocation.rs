//! Reports validators that author two blocks in one slot (CON-R21).
//!
//! The SDK's Aura only logs such an equivocation. Here a [`header_observer`] of the block import
//! hands every header whose seal Aura has checked to a [`Reporter`], even if the database then
//! refuses the block because a sibling is already final. The reporter compares the headers of each
//! slot in the background. GRANDPA's voter notices double votes itself, and its reports come to the
//! reporter through a [`ReportSink`].
//!
//! A report goes to the node's own pool. From there only the node's own blocks can carry it, so
//! every validator reports what it sees, and the chain counts it once. A report can get lost: the
//! parent of a block may be on another fork, the pool may be full, and the block with the report may
//! lose its place. So the reporter keeps each equivocation on disk and reports it again until the
//! offence is in the final state, or the chain will never accept it.
//!
//! The reporter never stops an import or the node: a header is dropped if the queue is full, and an
//! error is only logged. Headers that are not yet a pair are kept only in memory, so this node does
//! not notice an equivocation whose first block it saw before a restart.

mod evidence;
mod metrics;
mod observed_header;
mod observer;
mod recent_headers;
mod report_sink;
mod reporter;
mod reporting_client;
mod settlement;
#[cfg(test)]
mod tests;
mod unsettled;

pub use metrics::Metrics;
pub use observed_header::ObservedHeader;
pub use observer::header_observer;
pub use report_sink::ReportSink;
pub use reporter::Reporter;

const LOG_TARGET: &str = "equivocation";
