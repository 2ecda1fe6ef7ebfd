//! Amounts and bounds that are the same on every GTOS network.

/// Money: TOS and its fractions (ECO-R1), and the price of storage deposits (ECO-R9).
pub mod currency {
	use crate::Balance;

	/// 10^-6 TOS.
	pub const MICRO_TOS: Balance = 1_000_000;
	/// 10^-3 TOS.
	pub const MILLI_TOS: Balance = 1_000 * MICRO_TOS;
	/// One TOS: 12 decimals.
	pub const TOS: Balance = 1_000 * MILLI_TOS;

	/// Minimum balance of an account: little, so that small payments can create one.
	///
	/// It does not pay for the state of the account, 80 bytes and a key of 80. [`deposit`] would be 36 times as much.
	pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_TOS;

	/// Refundable deposit for state that its owner can remove again.
	pub const fn deposit(items: u32, bytes: u32) -> Balance {
		items as Balance * 20 * MILLI_TOS + bytes as Balance * 100 * MICRO_TOS
	}
}

/// What one block may hold, as parts of the budget that follows from slot and network (STA-R12).
pub mod block {
	use frame_support::weights::{
		constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_NANOS},
		RuntimeDbWeight, Weight,
	};
	use sp_runtime::Perbill;

	/// Longest block of any chain, in bytes: one that holds the Wasm of a runtime upgrade (TXN-R28).
	pub const MAX_LENGTH_BYTES: u32 = pallet_genesis_parameters::budget::MAX_LENGTH_BYTES as u32;
	/// Longest header of a block, without its seal, in bytes: the longest that can be reported (CON-R21).
	pub use pallet_aura_equivocation::MAX_HEADER_BYTES;
	/// Execution time of a block without transactions.
	///
	/// This and the next two values are measured: docs/measurements.md.
	pub const BASE_WEIGHT: Weight = Weight::from_parts(624 * WEIGHT_REF_TIME_PER_MICROS, 0);
	/// Execution time per byte of a transaction outside the dispatch of its call: decoding, hashing and
	/// copying (ECO-R2).
	pub const WEIGHT_PER_BYTE: Weight = Weight::from_parts(8_900, 0);
	/// Time to read and to write one item of a state of 500,000 items.
	pub const DB_WEIGHT: RuntimeDbWeight = RuntimeDbWeight {
		read: 5_290 * WEIGHT_REF_TIME_PER_NANOS,
		write: 18_580 * WEIGHT_REF_TIME_PER_NANOS,
	};
	/// Longest code of a runtime: 32 KiB less than the longest block, for the rest of that block (UPG-R1). May
	/// be raised, never lowered.
	pub const MAX_RUNTIME_LENGTH_BYTES: u32 = MAX_LENGTH_BYTES - 32 * 1024;
	/// Part of the weight that a step of the migrations may take.
	///
	/// A block with a step holds no transactions. Its other hooks can take half a block: the guaranteed part of
	/// the sweep 30 %, the rest the base weight and the hooks that every block has.
	pub const MIGRATION_RATIO: Perbill = Perbill::from_percent(50);
	/// Part of the weight that scheduled calls may take.
	///
	/// What the sweep is guaranteed (30 %), the reserved part of the ordinary transactions (25 %) and the other hooks
	/// (5 %) leave 40 % of the block. The rest is for a page of overdue rewards: 6 % of a block of `live`. With the
	/// shortest slots such a page takes 29 %, so a block that has all of these at the same time is late there.
	pub const SCHEDULER_RATIO: Perbill = Perbill::from_percent(34);
	/// Part of the weight that ordinary transactions may fill.
	pub const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
	/// Part of the length that ordinary transactions may fill, in sixteenths. Operational ones are short.
	pub const NORMAL_LENGTH_SIXTEENTHS: u32 = 15;
	/// Part of the weight that ordinary transactions get even if the hooks declare a full block.
	///
	/// `pallet-session` declares one in every block that rotates the session, even if it used less.
	pub const NORMAL_RESERVED_RATIO: Perbill = Perbill::from_percent(25);
	/// Part of the normal weight that an average block needs for its hooks.
	pub const AVERAGE_ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(5);
}

/// Storage: its price, the limits of one call, and the share of a block that removes expired entries.
pub mod storage {
	use super::currency::deposit;
	use crate::{Balance, BlockNumber};
	use frame_support::weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight};
	use sp_runtime::Perbill;

	/// Longest contract code. May be raised, never lowered.
	pub const MAX_CODE_LENGTH_BYTES: u32 = 256 * 1024;
	/// Bytes that a contract occupies in addition to its code: keys, values and trie nodes of its record
	/// and its index row, and the key of the code.
	pub const CONTRACT_RECORD_BYTES: u32 = 512;
	/// Price of storing a byte permanently: the same as the refundable deposit for a byte.
	pub const PRICE_PER_BYTE: Balance = deposit(0, 1);
	/// Maximum number of items in one page of a list.
	pub const MAX_PAGE_SIZE: u32 = 100;

	/// Longest key of an expiring entry. May be raised, never lowered.
	pub const MAX_KEY_LENGTH_BYTES: u32 = 128;
	/// Longest value of an expiring entry. May be raised, never lowered.
	pub const MAX_VALUE_LENGTH_BYTES: u32 = 16 * 1024;
	/// Bytes that an expiring entry occupies in addition to its value and twice its key: the rest of its
	/// storage key, its fixed fields, the owner in its reference in the expiry index, and trie nodes.
	pub const ENTRY_OVERHEAD_BYTES: u32 = 256;
	/// Shortest life of an entry, in blocks.
	pub const MIN_TTL_BLOCKS: BlockNumber = 1;
	/// Longest life of an entry, in blocks: a year of one-second slots.
	pub const MAX_TTL_BLOCKS: BlockNumber = 365 * 24 * 60 * 60;
	/// Price of a byte for a block: the smallest amount there is. 10^8 blocks cost as much as
	/// permanent storage.
	pub const RENT_PER_BYTE_BLOCK: Balance = 1;
	/// Maximum number of stored entries that one page of a list looks at.
	pub const MAX_PAGE_SCAN: u32 = 1_000;
	/// Maximum number of pages of the expiry index that one answer about expiring entries reads (RPC-R25).
	pub const MAX_ENDING_PAGES: usize = 1_000;
	/// An answer about expiring entries that has this number of items reads no further page.
	pub const MAX_ENDING_ITEMS: usize = 1_000;
	/// Maximum number of pages of the expiry index that one count of the backlog reads.
	pub const MAX_BACKLOG_SCAN: u32 = 1_000;
	/// Bytes of entries or of pages of the expiry index after which an answer ends: reached with 64 of the
	/// largest entries, or with 203 full pages of the longest keys.
	pub const MAX_QUERY_BYTES: u32 = 1024 * 1024;
	/// What writing or removing an entry takes longer on a large state than the weights of the pallet say.
	///
	/// The removal of an entry was declared at 37 us, and 66 us if it has a page of the index for itself. It takes up
	/// to 129 us with a million live entries (ADR 0017), and about 96 us with 350,000 (docs/measurements.md).
	pub const LARGE_STATE_OVERHEAD: Weight = Weight::from_parts(95 * WEIGHT_REF_TIME_PER_MICROS, 0);
	/// Part of a block that the removal of expired entries may take before its transactions.
	///
	/// It must suffice to remove as many entries as a full block can put; the pallet's integrity test fails
	/// otherwise.
	pub const SWEEP_RATIO: Perbill = Perbill::from_percent(30);
	/// Part of a block that the removal of expired entries may take after its transactions.
	///
	/// Together with [`SWEEP_RATIO`] it is half a block (ADR 0023).
	pub const IDLE_SWEEP_RATIO: Perbill = Perbill::from_percent(20);
}

/// Sizes of the validator set and its elections, and the payout of its rewards.
pub mod staking {
	use pallet_genesis_parameters::{MIN_SESSIONS_PER_ERA, MIN_SESSION_LENGTH_BLOCKS};
	use sp_runtime::Perbill;
	use sp_staking::EraIndex;

	/// Maximum number of validators of an era, and so of Aura and GRANDPA authorities.
	pub const MAX_VALIDATORS: u32 = 100;
	/// Maximum number of candidates that an election considers.
	pub const MAX_ELECTABLE_TARGETS: u32 = 500;
	/// Maximum number of voters that an election considers: those with the largest stakes.
	///
	/// Whoever has this number of accounts with stakes above those of the others elects the whole set, so it
	/// should be large. Most of the time of an election grows with the product of this number and
	/// [`MAX_NOMINATIONS`], and the rest with this number alone (ADR 0001).
	pub const MAX_ELECTING_VOTERS: u32 = 4_000;
	/// Voters that an election considers for each millisecond of a slot, up to [`MAX_ELECTING_VOTERS`] (CON-R24).
	///
	/// An author has at most one slot to build a block. If the election, or a report or raise of a validator that all
	/// voters nominate, took longer together with the other hooks of the block, the chain would stand still (ADR
	/// 0001). `runtime/tests/scenarios/longest_blocks.rs` computes what such blocks take.
	pub const ELECTING_VOTERS_PER_SLOT_MS: u32 = 5;
	/// Maximum number of validators that one nominator may name.
	pub const MAX_NOMINATIONS: u32 = 4;
	/// Eras whose exposures and rewards stay on chain: enough for the longest bonding duration that genesis
	/// may choose.
	pub const HISTORY_DEPTH_ERAS: EraIndex = pallet_genesis_parameters::MAX_BONDING_DURATION_ERAS;

	/// Nominators whose rewards are paid together.
	///
	/// A page of 32 weighs 7.3 ms, 29 % of the smallest block (STA-R12). One of 64 would weigh more than half of it,
	/// and a block has to pay a page before its transactions while rewards are overdue.
	pub const EXPOSURE_PAGE_SIZE: u32 = 32;
	/// Most pages of rewards that an era can have: those that all votes of an election fill, and one of each
	/// validator that is not full.
	pub const MAX_PAGES_PER_ERA: u32 =
		MAX_ELECTING_VOTERS * MAX_NOMINATIONS / EXPOSURE_PAGE_SIZE + MAX_VALIDATORS;
	/// Part of a block that the payout of rewards may take after its transactions.
	pub const IDLE_PAYOUT_RATIO: Perbill = Perbill::from_percent(20);
	/// Age from which rewards are overdue, so that each block pays a page before its transactions: half of
	/// the time after which they lapse.
	pub const OVERDUE_PAYOUT_ERAS: EraIndex = HISTORY_DEPTH_ERAS / 2;

	// The blocks of the shortest eras that genesis accepts, from the time at which rewards are overdue to that
	// at which they lapse, have a step for each page of an era and for its end.
	const _: () = assert!(
		MIN_SESSION_LENGTH_BLOCKS
			* MIN_SESSIONS_PER_ERA
			* (HISTORY_DEPTH_ERAS - OVERDUE_PAYOUT_ERAS)
			> MAX_PAGES_PER_ERA,
		"the rewards of an era could lapse while a page is paid in each block: lower \
		 OVERDUE_PAYOUT_ERAS, or raise EXPOSURE_PAGE_SIZE or the least length of an era"
	);
}

/// What happens to validators that miss their slots.
pub mod liveness {
	use sp_staking::EraIndex;

	/// Suspensions leave at least this number of candidates that can be elected: the smallest set that
	/// tolerates the loss of one validator (CON-R10).
	pub const MIN_ELECTABLE_CANDIDATES: u32 = 4;
	/// Sessions in a row with too many offenders, of which the last one suspends the worst: an hour on the
	/// live preset, in which operators can repair a network that has fallen apart.
	///
	/// On a network with short sessions it must be more than a stall of finality touches before the authors
	/// pause together: 50 blocks and up to two rounds of the set.
	pub const OUTAGE_SESSIONS: u32 = 6;
	/// The longest suspension keeps a validator out of 2^5 = 32 elected sets, more than a day on the live
	/// preset. A validator that is dead for good then takes up a seat in one era of 33.
	pub const MAX_SUSPENSION_LEVEL: u8 = 5;
	/// A level falls after this number of eras without a suspension: a day on the live preset.
	pub const LEVEL_DECAY_ERAS: EraIndex = 24;
}

/// Referenda: votes, room in the scheduler's agendas, and what can be spent and locked.
pub mod governance {
	use super::currency::TOS;
	use crate::Balance;
	use sp_runtime::Perbill;

	/// Tasks of one block. The scheduler's weights are measured with up to this number.
	pub const AGENDA_SLOTS: u32 = 128;
	/// Slots of a block that alarms of referenda may take. An alarm that is lost is set again by any vote;
	/// what the other slots hold would be lost for good.
	pub const ALARM_SLOTS: u32 = 96;
	/// Consecutive agendas in which a task of a referendum looks for a free slot.
	pub const AGENDA_TRIES: u32 = 4;
	/// Longest call that is scheduled as a preimage, in bytes. Shorter ones than 129 bytes need no preimage.
	///
	/// The scheduler declares 0.3 ms for reading a preimage of this length, whether it is there or not. It waits for
	/// a block in which it has that much left, so the weight must be a small part of its share of the smallest block,
	/// which is 8.5 ms.
	pub const MAX_CALL_LENGTH_BYTES: u32 = 64 * 1024;
	/// Part of the scheduler's share that the preimages of one agenda may take.
	///
	/// A task whose preimage is missing, or that is too heavy for a block, stays in its agenda and costs the scheduler
	/// the same again in each block until the rest of the agenda has been executed. All of them must fit a block with
	/// room for another task, or the agenda would never end.
	pub const PREIMAGES_RATIO: Perbill = Perbill::from_percent(50);
	/// Deposit of a referendum, which only one that is approved or cancelled gets back.
	///
	/// Each referendum has at most one alarm, so an agenda full of alarms costs 9,600 TOS, and as many as a task
	/// tries 38,400 TOS.
	pub const SUBMISSION_DEPOSIT: Balance = 100 * TOS;
	/// Maximum number of referenda of one track on which an account has votes at a time.
	///
	/// `delegate` and `undelegate` declare the weight of moving this number of votes: 2 ms each, most of it
	/// for the searches of a slot in full agendas, by the vote and by the alarm that it sets for the next block. With 8
	/// that is 16.2 ms, and would be 17 ms if the database took 1.3 times as long. A transaction may weigh 17.4 ms
	/// with the shortest slots that genesis accepts (STA-R12), and 9 votes take 18.2 ms.
	pub const MAX_VOTES: u32 = 8;
	/// Maximum number of members of the technical committee.
	pub const MAX_COMMITTEE_MEMBERS: u32 = 25;
	/// Referenda of a track that can wait for being decided.
	pub const MAX_QUEUED: u32 = 100;

	/// Most that one referendum of the track `treasurer` spends.
	pub const TREASURER_SPEND: Balance = 1_000_000 * TOS;
	/// Most that one referendum of the track `big_spender` spends.
	pub const BIG_SPEND: Balance = 100_000 * TOS;
	/// Most that one referendum of the track `medium_spender` spends.
	pub const MEDIUM_SPEND: Balance = 10_000 * TOS;
	/// Most that one referendum of the track `small_spender` spends.
	pub const SMALL_SPEND: Balance = 1_000 * TOS;
}
