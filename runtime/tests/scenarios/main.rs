//! Tests of the whole runtime, block by block. They are one test program, because each further
//! program would compile the runtime again.

// For a file of the library that `entry_migration` includes.
extern crate alloc;

mod ballots;
mod block_limits;
mod blocks;
mod call_weights;
mod candidate_places;
mod committee;
mod common;
mod contracts;
mod decoding;
mod dpos;
mod elections;
mod encoding;
mod entry_changes;
mod entry_migration;
mod fee_pot;
mod filters;
mod fullness;
mod governance;
mod key_owners;
mod leaving;
mod longest_blocks;
mod lost_quorum;
mod metadata;
mod migrations;
mod nonces;
mod outages;
mod payouts;
mod presets;
mod proxies;
mod referenda;
mod replay;
mod slashes;
mod storage_reads;
mod tracks;
mod transaction_application;
mod transaction_outcome;
mod transaction_signatures;
mod transaction_validity;
mod unpaid_state;
mod upgrade_referenda;
mod upgrades;
mod voter_list;
mod waived_fees;
mod wrappings;
