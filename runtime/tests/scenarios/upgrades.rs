//! Which code replaces the runtime, and by which calls: `specs/upgrades.md`.

use crate::{
	block_limits::chain_with,
	common::{build, chain, code_of, genesis_json, rolled_back, run_block, sign, upgradable},
};
use codec::{Decode, Encode};
use frame_support::{assert_ok, dispatch::DispatchResult};
use gtos_runtime::{
	apis::RUNTIME_API_VERSIONS, configs::upgrades::REQUIRED_APIS, constants::block,
	genesis_config_presets::DEV, Executive, GenesisParameters, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, Scheduler, System, UncheckedExtrinsic, VERSION,
};
use pallet_upgrades::Error;
use sp_core::{
	storage::well_known_keys::CODE,
	traits::{ReadRuntimeVersion, ReadRuntimeVersionExt},
};
use sp_crypto_hashing::blake2_64;
use sp_externalities::Externalities;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash as _},
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidityError, UnknownTransaction,
	},
	DispatchError,
};
use sp_version::RuntimeVersion;
use std::sync::{
	atomic::{AtomicU32, Ordering},
	Arc,
};

/// The version of the runtime that comes next.
fn next_version() -> u32 {
	VERSION.spec_version + 1
}

const REFUSED: TransactionValidityError =
	TransactionValidityError::Invalid(InvalidTransaction::Call);

const NO_ROOM: TransactionValidityError =
	TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);

fn dev() -> TestExternalities {
	upgradable(&genesis_json(DEV))
}

fn dispatch(call: frame_system::Call<Runtime>, origin: RuntimeOrigin) -> DispatchResult {
	RuntimeCall::System(call).dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

/// Root's ways to replace the runtime that reach our check whatever the SDK has checked before.
fn replace(code: Vec<u8>) -> DispatchResult {
	dispatch(frame_system::Call::set_code_without_checks { code }, RuntimeOrigin::root())
}

fn authorise(code: &[u8]) {
	let code_hash = BlakeTwo256::hash(code);
	let authorise = frame_system::Call::authorize_upgrade { code_hash };
	assert_ok!(dispatch(authorise, RuntimeOrigin::root()));
}

fn apply(code: Vec<u8>) -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { code })
}

fn bare(call: RuntimeCall) -> UncheckedExtrinsic {
	UncheckedExtrinsic::new_bare(call)
}

fn pool_answer(transaction: UncheckedExtrinsic) -> Result<(), TransactionValidityError> {
	let parent = System::block_hash(0);
	rolled_back(|| {
		Executive::validate_transaction(TransactionSource::External, transaction, parent)
			.map(|_| ())
	})
}

fn stored_code() -> Option<Vec<u8>> {
	sp_io::storage::get(CODE).map(|code| code.to_vec())
}

fn error(error: Error<Runtime>) -> DispatchError {
	error.into()
}

/// UPG-R1: the ids are those of the names, and the versions those that this runtime has, so that the next one
/// can follow.
#[test]
fn required_runtime_apis_are_those_of_this_runtime() {
	let names = [
		"Core",
		"Metadata",
		"BlockBuilder",
		"TaggedTransactionQueue",
		"OffchainWorkerApi",
		"AuraApi",
		"GrandpaApi",
		"SessionKeys",
		"GenesisParametersApi",
		"AuraEquivocationApi",
	];
	let implemented = RUNTIME_API_VERSIONS;
	for ((id, least), name) in REQUIRED_APIS.iter().zip(names) {
		assert_eq!(*id, blake2_64(name.as_bytes()), "{name}");
		let version = implemented.iter().find(|(other, _)| other == id);
		assert_eq!(version.map(|(_, version)| version), Some(least), "{name}");
	}
	assert_eq!(REQUIRED_APIS.len(), names.len());
}

/// UPG-R1: each of the required APIs, and the name, version and length.
#[test]
fn code_that_cannot_follow_is_refused_to_root() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let before = stored_code();
		let next = RuntimeVersion { spec_version: next_version(), ..VERSION };
		let other_name = RuntimeVersion { spec_name: "other".into(), ..next.clone() };
		for (code, expected) in [
			(code_of(VERSION.spec_version), Error::SpecVersionNotHigher),
			(code_of(0), Error::SpecVersionNotHigher),
			(other_name.encode(), Error::OtherSpecName),
			(vec![0xff; 100], Error::CodeUnreadable),
			(vec![], Error::CodeUnreadable),
			(vec![0; block::MAX_RUNTIME_LENGTH_BYTES as usize + 1], Error::CodeTooLong),
		] {
			assert_eq!(replace(code), Err(error(expected)));
		}
		for (missing, _) in REQUIRED_APIS {
			let apis: Vec<_> = next.apis.iter().copied().filter(|(id, _)| *id != missing).collect();
			let lacking = RuntimeVersion { apis: apis.into(), ..next.clone() };
			assert_eq!(replace(lacking.encode()), Err(error(Error::MissingRuntimeApi)));
		}
		assert_eq!(stored_code(), before);
		assert_ok!(replace(code_of(next_version())));
		assert_eq!(stored_code(), Some(code_of(next_version())));
	});
}

/// UPG-R1: the longest code fits the block that applies it.
#[test]
fn longest_code_fits_a_block() {
	dev().execute_with(|| {
		let mut code = code_of(next_version());
		code.resize(block::MAX_RUNTIME_LENGTH_BYTES as usize, 0);
		authorise(&code);
		assert_eq!(run_block(0, vec![bare(apply(code.clone()))]), [Ok(Ok(()))]);
		assert_eq!(stored_code(), Some(code));
	});
}

/// UPG-R1 states what root can still do: write the key itself. No pallet sees that.
#[test]
fn root_can_write_the_code_key_without_a_check() {
	dev().execute_with(|| {
		let items = vec![(CODE.to_vec(), vec![7])];
		assert_ok!(dispatch(frame_system::Call::set_storage { items }, RuntimeOrigin::root()));
		assert_eq!(stored_code(), Some(vec![7]));
	});
}

/// TXN-R5: whoever has the authorised code can apply it, without an account.
#[test]
fn bare_upgrade_with_the_authorised_code_is_applied() {
	dev().execute_with(|| {
		let code = code_of(next_version());
		authorise(&code);
		let upgrade = bare(apply(code.clone()));
		assert_eq!(pool_answer(upgrade.clone()), Ok(()));
		assert_eq!(run_block(0, vec![upgrade.clone()]), [Ok(Ok(()))]);
		assert_eq!(stored_code(), Some(code));
		// The authorisation is used up.
		assert_eq!(pool_answer(upgrade), Err(REFUSED));
	});
}

/// TXN-R5: nobody would pay for it, and it would fail in every block.
#[test]
fn bare_upgrade_that_would_fail_is_refused() {
	dev().execute_with(|| {
		let before = stored_code();
		let code = code_of(VERSION.spec_version);
		authorise(&code);
		for upgrade in [bare(apply(code.clone())), bare(apply(code_of(next_version())))] {
			assert_eq!(pool_answer(upgrade.clone()), Err(REFUSED));
			assert_eq!(run_block(0, vec![upgrade]), [Err(REFUSED)]);
		}
		// An account that sends it pays the fee.
		let nonce = System::account_nonce(Alice.to_account_id());
		let signed = run_block(0, vec![sign(Alice, nonce, apply(code))]);
		assert!(matches!(signed[..], [Ok(_)]), "{signed:?}");
		assert_eq!(stored_code(), before);
	});
}

/// TXN-R28: it would fail and keep its authorisation, so it could make every block late.
#[test]
fn unsuitable_code_may_not_exceed_the_budget() {
	dev().execute_with(|| {
		let mut code = code_of(VERSION.spec_version);
		code.resize(GenesisParameters::budget().length_bytes as usize + 1, 0);
		authorise(&code);
		let upgrade = sign(Alice, 0, apply(code));
		assert_eq!(pool_answer(upgrade.clone()), Err(NO_ROOM));
		assert_eq!(run_block(0, vec![upgrade]), [Err(NO_ROOM)]);
	});
}

/// TXN-R5: all other bare calls are refused, or fail.
#[test]
fn other_bare_calls_are_refused() {
	chain(DEV).execute_with(|| {
		let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
		assert_eq!(pool_answer(bare(remark)), Err(REFUSED));
		let put = RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_delete { key: vec![1] });
		let unknown = TransactionValidityError::Unknown(UnknownTransaction::NoUnsignedValidator);
		assert_eq!(pool_answer(bare(put)), Err(unknown));
	});
}

/// UPG-R2, TXN-R5: the pool keeps the second upgrade of a block for a later one.
#[test]
fn bare_upgrade_after_another_in_the_block_waits() {
	long_slots().execute_with(|| {
		run_block(0, vec![]);
		let code = code_of(next_version() + 1);
		authorise(&code);
		schedule(2, code_of(next_version()));
		let upgrade = bare(apply(code.clone()));
		assert_eq!(run_block(0, vec![upgrade.clone()]), [Err(NO_ROOM)]);
		assert_eq!(stored_code(), Some(code_of(next_version())));
		assert_eq!(run_block(0, vec![upgrade]), [Ok(Ok(()))]);
		assert_eq!(stored_code(), Some(code));
	});
}

/// A chain whose blocks are so large that the scheduler can replace the runtime.
fn long_slots() -> TestExternalities {
	chain_with(2_000, "lan")
}

/// Schedules `set_code_without_checks` by root.
fn schedule(when: u32, code: Vec<u8>) {
	let call = RuntimeCall::System(frame_system::Call::set_code_without_checks { code });
	assert_ok!(Scheduler::schedule(RuntimeOrigin::root(), when, None, 0, Box::new(call)));
}

/// Results of the calls that the scheduler has dispatched in this block.
fn dispatched() -> Vec<DispatchResult> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched { result, .. }) => {
				Some(result)
			},
			_ => None,
		})
		.collect()
}

/// UPG-R2: of two upgrades that are queued for one block, the second fails, whichever is the higher. Its
/// referendum has to be repeated.
#[test]
fn second_scheduled_upgrade_of_a_block_fails() {
	for second in [next_version(), next_version() + 2] {
		long_slots().execute_with(|| {
			run_block(0, vec![]);
			schedule(2, code_of(next_version() + 1));
			schedule(2, code_of(second));
			run_block(0, vec![]);
			let refused = Err(error(Error::RuntimeAlreadyReplaced));
			assert_eq!(dispatched(), [Ok(()), refused]);
			assert_eq!(stored_code(), Some(code_of(next_version() + 1)));
		});
	}
}

/// UPG-R2: also of two upgrades in one call of root.
#[test]
fn second_upgrade_of_a_batch_fails() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let before = stored_code();
		let calls = || -> Vec<RuntimeCall> {
			let set =
				|code| RuntimeCall::System(frame_system::Call::set_code_without_checks { code });
			vec![set(code_of(next_version())), set(code_of(next_version() + 1))]
		};
		let all = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: calls() });
		let result = all.dispatch(RuntimeOrigin::root()).map_err(|failure| failure.error);
		assert_eq!(result.map(|_| ()), Err(error(Error::RuntimeAlreadyReplaced)));
		assert_eq!(stored_code(), before);

		let some = RuntimeCall::Utility(pallet_utility::Call::batch { calls: calls() });
		assert_ok!(some.dispatch(RuntimeOrigin::root()));
		assert_eq!(stored_code(), Some(code_of(next_version())));
	});
}

/// UPG-R1: with slots that are not long, a scheduled call that sets the code is heavier than what the scheduler has in
/// a block, so it is never made.
#[test]
fn scheduled_call_that_sets_the_code_is_never_made_in_short_slots() {
	for (slot, network) in [(775, "wan"), (1_000, "wan"), (100, "lan"), (500, "lan")] {
		chain_with(slot, network).execute_with(|| {
			run_block(0, vec![]);
			let before = stored_code();
			schedule(2, code_of(next_version()));
			run_block(0, vec![]);
			assert!(dispatched().is_empty(), "{slot} ms, {network}");
			let is_dropped = System::events().iter().any(|record| {
				matches!(
					record.event,
					RuntimeEvent::Scheduler(pallet_scheduler::Event::PermanentlyOverweight { .. })
				)
			});
			assert!(is_dropped, "{slot} ms, {network}");
			assert_eq!(stored_code(), before);
		});
	}
}

/// Reads versions like [`upgradable`], and counts.
struct Counting(Arc<AtomicU32>);

impl ReadRuntimeVersion for Counting {
	fn read_runtime_version(
		&self,
		code: &[u8],
		_: &mut dyn Externalities,
	) -> Result<Vec<u8>, String> {
		self.0.fetch_add(1, Ordering::Relaxed);
		RuntimeVersion::decode(&mut &code[..]).map_err(|error| error.to_string())?;
		Ok(code.to_vec())
	}
}

/// TXN-R28: reading the version decompresses the code. The transaction's validation does it once, the SDK's call once if
/// the upgrade was authorised with checks, and the change of the code once.
#[test]
fn version_of_an_upgrade_is_read_once_to_validate_it() {
	let reads = Arc::new(AtomicU32::new(0));
	let mut state = build(&genesis_json(DEV)).expect("the preset is sound");
	state.register_extension(ReadRuntimeVersionExt::new(Counting(reads.clone())));
	state.execute_with(|| {
		let mut code = code_of(next_version());
		code.resize(GenesisParameters::budget().length_bytes as usize + 1, 0);
		for is_signed in [false, true] {
			authorise(&code);
			let call = apply(code.clone());
			let upgrade = if is_signed { sign(Alice, 0, call) } else { bare(call) };
			reads.store(0, Ordering::Relaxed);
			assert_eq!(pool_answer(upgrade.clone()), Ok(()));
			assert_eq!(reads.swap(0, Ordering::Relaxed), 1);
			assert_eq!(run_block(0, vec![upgrade]), [Ok(Ok(()))]);
			assert_eq!(reads.load(Ordering::Relaxed), 3);
		}
		// Code that nobody has authorised is not read.
		reads.store(0, Ordering::Relaxed);
		let other = bare(apply(code_of(next_version() + 1)));
		assert_eq!(pool_answer(other), Err(REFUSED));
		assert_eq!(reads.load(Ordering::Relaxed), 0);
	});
}
