//! The configuration of each pallet, with one file for each subject.

pub mod accounts;
pub mod block_limits;
pub mod consensus;
pub mod fees;
pub mod governance;
pub mod staking;
pub mod storage;
pub mod system;
pub mod timing;
pub mod upgrades;
pub mod voter_list;

pub use block_limits::{RuntimeBlockLength, RuntimeBlockWeights};
pub use system::SS58Prefix;
