//! How often a transfer reads each item of the storage: the table in `docs/architecture.md`.

use crate::common::{call_api, chain, rolled_back, run_block, run_observed_block, sign};
use codec::Encode;
use frame_support::traits::StorageInfoTrait;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, AllPalletsWithSystem, FeePot,
	GenesisParameters, Runtime, RuntimeCall, System,
};
use pallet_genesis_parameters::{BlockBudget, Budget};
use sp_core::hexdisplay::HexDisplay;
use sp_keyring::Sr25519Keyring::{Dave, Eve};
use sp_runtime::{
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	ApplyExtrinsicResult,
};
use std::{
	collections::BTreeMap,
	fmt::Debug,
	mem,
	sync::{Arc, LazyLock, Mutex},
};
use tracing::{
	field::{Field, Visit},
	level_filters::LevelFilter,
	span, Dispatch, Event, Metadata, Subscriber,
};

/// A subscriber that gets nothing, beside those of the tests.
///
/// `tracing` decides only once, when code first reaches a place that traces, whether anybody wants its events. If there
/// is a single subscriber, it asks that of the thread that gets there first. This can be another test, which has none,
/// and then the reads at this place would never be traced. With two subscribers it asks both. This one has to be there
/// before the level of the other lets code reach such a place.
static SILENT: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Reads::up_to(LevelFilter::OFF)));

/// Keys that were read, in hex. The SDK's externalities trace each access.
#[derive(Clone)]
struct Reads {
	keys: Arc<Mutex<Vec<String>>>,
	level: LevelFilter,
}

impl Reads {
	fn new() -> Self {
		LazyLock::force(&SILENT);
		Self::up_to(LevelFilter::TRACE)
	}

	fn up_to(level: LevelFilter) -> Self {
		Self { keys: Arc::default(), level }
	}

	/// The keys that were read since the last call.
	fn take(&self) -> Vec<String> {
		mem::take(&mut *self.keys.lock().expect("no test panics with it"))
	}
}

impl Subscriber for Reads {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		*metadata.level() <= self.level && metadata.target() == "state"
	}

	fn max_level_hint(&self) -> Option<LevelFilter> {
		Some(self.level)
	}

	fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
		span::Id::from_u64(1)
	}

	fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

	fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

	fn event(&self, event: &Event<'_>) {
		let mut access = Access::default();
		event.record(&mut access);
		if ["Get", "Exists"].contains(&access.method.as_str()) {
			self.keys.lock().expect("no test panics with it").push(access.key);
		}
	}

	fn enter(&self, _: &span::Id) {}

	fn exit(&self, _: &span::Id) {}
}

/// What is traced of an access.
#[derive(Default)]
struct Access {
	method: String,
	key: String,
}

impl Visit for Access {
	fn record_str(&mut self, field: &Field, value: &str) {
		if field.name() == "method" {
			self.method = value.into();
		}
	}

	fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
		if field.name() == "key" {
			self.key = format!("{value:?}");
		}
	}
}

fn hex(bytes: &[u8]) -> String {
	HexDisplay::from(&bytes).to_string()
}

/// The item with this key, and whose it is if it is an account.
fn name(key: &str) -> String {
	for well_known in [":extrinsic_index", ":transaction_level:"] {
		if key == hex(well_known.as_bytes()) {
			return well_known.into();
		}
	}
	let items = AllPalletsWithSystem::storage_info();
	let Some(item) = items.iter().find(|item| key.starts_with(&hex(&item.prefix))) else {
		return key.into();
	};
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let name = format!("{}.{}", text(&item.pallet_name), text(&item.storage_name));
	let owners = [
		("sender", Dave.to_account_id()),
		("recipient", Eve.to_account_id()),
		("pot", FeePot::account()),
	];
	match owners.iter().find(|(_, account)| key.ends_with(&hex(account.as_ref()))) {
		Some((owner, _)) => format!("{name} of the {owner}"),
		None => name,
	}
}

/// The number of reads of each item.
fn counts(keys: &[String]) -> BTreeMap<String, usize> {
	let mut counts = BTreeMap::new();
	for key in keys {
		*counts.entry(name(key)).or_default() += 1;
	}
	counts
}

fn counted<const N: usize>(reads: [(&str, usize); N]) -> BTreeMap<String, usize> {
	reads.into_iter().map(|(name, count)| (name.into(), count)).collect()
}

fn transfer() -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
		dest: Eve.to_account_id().into(),
		value: TOS,
	})
}

/// If a release of the SDK changes a number, the table changes with it.
#[test]
fn transfer_in_a_block_reads_each_item_as_often_as_documented() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let transfers = (0..2).map(|nonce| sign(Dave, nonce, transfer())).collect();
		let reads = Reads::new();
		let mut of_each = Vec::new();
		let results = tracing::subscriber::with_default(reads.clone(), || {
			// The first one also ends the inherents.
			run_observed_block(0, transfers, || of_each.push(reads.take()))
		});
		assert_eq!(results, [Ok(Ok(())), Ok(Ok(()))]);
		let expected = counted([
			(":extrinsic_index", 2),
			(":transaction_level:", 2),
			("Balances.TotalIssuance", 2),
			("GenesisParameters.Budget", 2),
			("System.Account of the pot", 1),
			("System.Account of the recipient", 7),
			("System.Account of the sender", 22),
			("System.BlockHash", 6),
			("System.BlockSize", 1),
			("System.BlockWeight", 1),
			("System.EventCount", 4),
			("System.ExecutionPhase", 4),
			("System.ExtrinsicWeightReclaimed", 2),
			("System.InherentsApplied", 1),
			("System.Number", 7),
			("TransactionPayment.NextFeeMultiplier", 4),
			("TransactionPayment.TxPaymentCredit", 2),
			("Upgrades.ClosedPallets", 1),
		]);
		assert_eq!(counts(&of_each[1]), expected);
	});
}

#[test]
fn validation_of_a_transfer_reads_each_item_as_often_as_documented() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let parent = System::block_hash(System::block_number());
		let arguments = (TransactionSource::External, sign(Dave, 0, transfer()), parent).encode();
		let reads = Reads::new();
		let keys = rolled_back(|| {
			tracing::subscriber::with_default(reads.clone(), || {
				let verdict: TransactionValidity =
					call_api("TaggedTransactionQueue_validate_transaction", &arguments);
				assert!(verdict.is_ok(), "{verdict:?}");
				reads.take()
			})
		});
		let expected = counted([
			("Balances.TotalIssuance", 1),
			("GenesisParameters.Budget", 2),
			("GenesisParameters.Network", 1),
			("GenesisParameters.Timing", 1),
			("System.Account of the sender", 4),
			("System.BlockHash", 6),
			("System.BlockSize", 1),
			("System.Number", 5),
			("TransactionPayment.NextFeeMultiplier", 2),
		]);
		assert_eq!(counts(&keys), expected);
	});
}

/// ADR 0035: no transaction uses what another one has remembered, whichever share a memory: up to 32 of a block at its
/// author, and all of it at other nodes. Here all share one, and a refused one is not even the last in it.
#[test]
fn limits_that_change_within_a_block_hold_from_the_next_transaction_on() {
	chain(DEV).execute_with(|| {
		run_block(0, vec![]);
		let budget = GenesisParameters::budget();
		let nothing = BlockBudget { weight_ms: 0, ..budget };
		let too_early = sign(Dave, 9, transfer());
		let transactions = vec![sign(Dave, 0, transfer()), too_early, sign(Dave, 1, transfer())];
		let mut applied = 0;
		let results = run_observed_block(0, transactions, || {
			applied += 1;
			match applied {
				1 => {
					Budget::<Runtime>::put(nothing);
					assert_eq!(GenesisParameters::budget(), nothing);
					Budget::<Runtime>::put(budget);
				},
				// One that is refused after its validation has not forgotten the limits.
				2 => Budget::<Runtime>::put(nothing),
				_ => Budget::<Runtime>::put(budget),
			}
		});
		let invalid = |reason| Err(TransactionValidityError::Invalid(reason));
		let expected: [ApplyExtrinsicResult; 3] = [
			Ok(Ok(())),
			invalid(InvalidTransaction::Future),
			invalid(InvalidTransaction::ExhaustsResources),
		];
		assert_eq!(results, expected);
	});
}
