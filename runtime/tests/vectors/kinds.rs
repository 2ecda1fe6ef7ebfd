//! What is done with the cases of each kind.

use crate::{
	consensus, economics, elections, encoding, hashing, liveness, rpc, scenario, state,
	transactions, validity, vector_file::VectorFile,
};

/// Every kind with the type that reads and checks its cases.
macro_rules! kinds {
	($($kind:literal => $case:ty,)*) => {
		/// Names of all kinds.
		pub const KINDS: &[&str] = &[$($kind),*];

		/// Reads the cases of a file, runs them if `is_built`, and says what failed.
		pub fn run(file: &VectorFile, is_built: bool) -> Vec<String> {
			match file.kind.as_str() {
				$($kind => file.run::<$case>(is_built),)*
				kind => vec![format!("{}: nothing runs the kind {kind}", file.path)],
			}
		}
	};
}

kinds! {
	"account" => hashing::Account,
	"address" => hashing::Address,
	"arithmetic" => economics::Arithmetic,
	"call" => transactions::Call,
	"chain-timing" => state::Timing,
	"constant" => state::Constant,
	"contract-address" => hashing::ContractAddress,
	"derived-account" => hashing::DerivedAccount,
	"disabling" => consensus::Disabling,
	"dispatch-error" => transactions::DispatchErrors,
	"double-seal" => consensus::DoubleSeal,
	"election" => elections::Election,
	"equivocation" => consensus::Equivocation,
	"era" => transactions::Eras,
	"era-transition" => consensus::EraTransition,
	"extrinsic" => transactions::Extrinsic,
	"extrinsics-root" => hashing::ExtrinsicsRoot,
	"first-byte" => transactions::FirstByte,
	"hash" => hashing::HashFunction,
	"header" => hashing::Headers,
	"liveness" => liveness::Liveness,
	"missed-slots" => liveness::MissedSlots,
	"pallet-index" => state::PalletIndex,
	"record" => state::Record,
	"report" => consensus::Report,
	"reward" => economics::Reward,
	"rpc-error" => rpc::ErrorCode,
	"rpc-exchange" => rpc::Exchange,
	"rpc-value" => rpc::ValueForm,
	"scale" => encoding::Scale,
	"scenario" => scenario::Scenario,
	"slash-deferral" => consensus::SlashDeferral,
	"slot" => consensus::SlotRule,
	"storage-key" => state::StorageKey,
	"trie" => hashing::Trie,
	"validity" => validity::Validity,
	"validity-error" => transactions::ValidityErrors,
	"vote" => consensus::Vote,
}
