//! The kinds of vectors, and the type that reads and checks the cases of each kind.

use crate::{
	authorship, economics, elections, encoding, fee_pot, finality, governance, hashing, liveness,
	offences, rpc, scenario, sessions, slashes, state, transactions, upgrades, validity,
	vector_file::VectorFile,
};

/// Every kind with the type that reads and checks its cases.
macro_rules! kinds {
	($($kind:literal => $case:ty,)*) => {
		/// Names of all kinds.
		pub const KINDS: &[&str] = &[$($kind),*];

		/// Reads and runs the cases of a file. Returns a message for each case that fails.
		pub fn run(file: &VectorFile) -> Vec<String> {
			match file.kind.as_str() {
				$($kind => file.run::<$case>(),)*
				kind => vec![format!("{}: nothing runs the kind {kind}", file.path)],
			}
		}
	};
}

kinds! {
	"account" => hashing::Account,
	"address" => hashing::Address,
	"arithmetic" => economics::Arithmetic,
	"aura-equivocation" => offences::AuraEquivocation,
	"block-budget" => state::Budgets,
	"call" => transactions::Call,
	"chain-timing" => state::Timing,
	"constant" => state::Constant,
	"contract-address" => hashing::ContractAddress,
	"derived-account" => hashing::DerivedAccount,
	"disabling" => offences::Disabling,
	"dispatch-error" => transactions::DispatchErrors,
	"election" => elections::Election,
	"election-voters" => elections::VoterLimit,
	"equivocation" => offences::GrandpaEquivocation,
	"era" => transactions::Eras,
	"era-transition" => sessions::EraTransition,
	"extrinsic" => transactions::Extrinsic,
	"extrinsics-root" => hashing::ExtrinsicsRoot,
	"fee-payout" => fee_pot::FeePayout,
	"first-byte" => transactions::FirstByte,
	"hash" => hashing::HashFunction,
	"header" => hashing::Headers,
	"liveness" => liveness::Liveness,
	"missed-slots" => liveness::MissedSlots,
	"pallet-index" => state::PalletIndex,
	"payout" => economics::Payouts,
	"proxy-filter" => governance::ProxyFilter,
	"record" => state::Record,
	"report" => offences::Report,
	"reward" => economics::Reward,
	"rpc-error" => rpc::ErrorCode,
	"rpc-exchange" => rpc::Exchange,
	"rpc-value" => rpc::ValueForm,
	"runtime-code" => upgrades::RuntimeCode,
	"scale" => encoding::Scale,
	"scenario" => scenario::Scenario,
	"slash-deferral" => offences::SlashDeferral,
	"slashes" => slashes::Slashes,
	"slot" => authorship::SlotRule,
	"storage-key" => state::StorageKey,
	"suspension" => liveness::Suspension,
	"track" => governance::Track,
	"trie" => hashing::Trie,
	"validity" => validity::Validity,
	"validity-error" => transactions::ValidityErrors,
	"vote" => finality::Vote,
}
