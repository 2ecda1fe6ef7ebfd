//! The nonce of an account: where it starts, and that no transaction is replayed when a reaped
//! account is created again.

use crate::common::{chain, rolled_back, run_block, run_to, sign, sign_as};
use frame_support::{
	assert_ok,
	traits::fungible::{Balanced, Mutate},
};
use frame_system_rpc_runtime_api::runtime_decl_for_account_nonce_api::AccountNonceApiV1;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, AccountId, Balances, Executive, Nonce,
	Runtime, RuntimeCall, RuntimeOrigin, System, UncheckedExtrinsic,
};
use pallet_balances::Call;
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	ApplyExtrinsicResult,
};

const STALE: ApplyExtrinsicResult =
	Err(TransactionValidityError::Invalid(InvalidTransaction::Stale));

/// Owner of an account that genesis does not know.
fn newcomer() -> (sr25519::Pair, AccountId) {
	let pair = sr25519::Pair::from_string("//Newcomer", None).expect("a derivation");
	let account = pair.public().into();
	(pair, account)
}

fn fund(account: &AccountId) -> RuntimeCall {
	RuntimeCall::Balances(Call::transfer_allow_death { dest: account.clone().into(), value: TOS })
}

fn leave() -> RuntimeCall {
	RuntimeCall::Balances(Call::transfer_all {
		dest: Bob.to_account_id().into(),
		keep_alive: false,
	})
}

/// The nonce that the runtime API returns for the next transaction of the account.
fn nonce(account: &AccountId) -> Nonce {
	<Runtime as AccountNonceApiV1<_, AccountId, Nonce>>::account_nonce(account.clone())
}

fn ask_pool(transaction: UncheckedExtrinsic) -> TransactionValidity {
	let parent = System::block_hash(System::block_number());
	rolled_back(|| {
		Executive::validate_transaction(TransactionSource::External, transaction, parent)
	})
}

/// STA-R5, TXN-R18: the nonce of an account without a record is 0 at every height, and none of its
/// transactions is accepted.
#[test]
fn absent_account_has_nonce_zero_and_cannot_send() {
	chain(DEV).execute_with(|| {
		let (pair, account) = newcomer();
		for _ in 0..3 {
			run_block(0, vec![]);
			assert_eq!(nonce(&account), 0);
			let payment = Err(TransactionValidityError::Invalid(InvalidTransaction::Payment));
			for nonce in [0, System::block_number(), System::block_number() + 1] {
				let transaction = sign_as(&pair, nonce, 0, leave());
				assert_eq!(ask_pool(transaction), payment.clone(), "nonce {nonce}");
			}
		}
		assert!(!System::account_exists(&account));
	});
}

/// STA-R8: the nonce of a new account starts at the height, and the pool accepts a transaction with
/// that nonce at once.
#[test]
fn new_account_sends_with_the_height_as_its_first_nonce() {
	chain(DEV).execute_with(|| {
		let (pair, account) = newcomer();
		run_to(6);
		assert_eq!(run_block(0, vec![sign(Alice, 0, fund(&account))]), [Ok(Ok(()))]);
		assert_eq!(nonce(&account), 7);
		run_to(9);
		assert_eq!(nonce(&account), 7, "the nonce stays as the height rises");

		let validity = ask_pool(sign_as(&pair, 7, 0, leave())).expect("it is valid");
		assert!(validity.requires.is_empty());
		// Money that arrives later does not change the nonce.
		assert_eq!(run_block(0, vec![sign(Alice, 1, fund(&account))]), [Ok(Ok(()))]);
		assert_eq!(nonce(&account), 7);
		assert_eq!(
			run_block(0, vec![sign_as(&pair, 7, 0, fund(&Bob.to_account_id()))]),
			[Ok(Ok(()))]
		);
		assert_eq!(nonce(&account), 8);
	});
}

/// STA-R8: an account that is created and sends in one block starts at that block's height as well.
#[test]
fn account_sends_in_the_block_that_creates_it() {
	chain(DEV).execute_with(|| {
		let (pair, account) = newcomer();
		run_to(4);
		let transactions = vec![
			sign(Alice, 0, fund(&account)),
			sign_as(&pair, 4, 0, leave()),
			sign_as(&pair, 5, 0, leave()),
		];
		assert_eq!(run_block(0, transactions), [Ok(Ok(())), STALE, Ok(Ok(()))]);
		assert!(!System::account_exists(&account));
	});
}

/// A transaction that was signed before its account existed is stale if its nonce is below the
/// height, and waits if its nonce is above it.
#[test]
fn transaction_signed_before_the_account_existed_is_stale_or_waits() {
	chain(DEV).execute_with(|| {
		let (pair, account) = newcomer();
		let [below, above] = [0, 9].map(|nonce| sign_as(&pair, nonce, 0, leave()));
		run_to(4);
		assert_eq!(run_block(0, vec![sign(Alice, 0, fund(&account))]), [Ok(Ok(()))]);
		let stale = Err(TransactionValidityError::Invalid(InvalidTransaction::Stale));
		assert_eq!(ask_pool(below), stale);
		assert_eq!(ask_pool(above).expect("it waits").requires.len(), 1);
	});
}

#[test]
fn transaction_of_a_reaped_account_is_refused_when_the_account_is_back() {
	chain(DEV).execute_with(|| {
		let (pair, account) = newcomer();
		run_to(1);
		assert_eq!(run_block(0, vec![sign(Alice, 0, fund(&account))]), [Ok(Ok(()))]);
		let leave = sign_as(&pair, nonce(&account), 0, leave());
		assert_eq!(run_block(0, vec![leave.clone()]), [Ok(Ok(()))]);
		assert!(!System::account_exists(&account));
		assert_eq!(nonce(&account), 0);

		// In one block, so that nothing can come between the return and the replay.
		let results = run_block(0, vec![sign(Alice, 1, fund(&account)), leave]);
		assert_eq!(results, [Ok(Ok(())), STALE]);
		assert_eq!(Balances::free_balance(&account), TOS);
		assert_eq!(nonce(&account), 4);
	});
}

fn dispatch_as_alice(call: impl Into<RuntimeCall>) {
	assert_ok!(call.into().dispatch(RuntimeOrigin::signed(Alice.to_account_id())));
}

fn dispatch_as_root(call: impl Into<RuntimeCall>) {
	assert_ok!(call.into().dispatch(RuntimeOrigin::root()));
}

/// Name of a way to create an account, and a function that does it.
type CreationMethod = (&'static str, fn(AccountId));

const CREATION_METHODS: [CreationMethod; 8] = [
	("transfer_allow_death", |account| dispatch_as_alice(fund(&account))),
	("transfer_keep_alive", |account| {
		dispatch_as_alice(Call::transfer_keep_alive { dest: account.into(), value: TOS })
	}),
	("transfer_all", |account| {
		dispatch_as_alice(Call::transfer_all { dest: account.into(), keep_alive: true })
	}),
	("batch", |account| {
		let calls = vec![fund(&account), fund(&account)];
		dispatch_as_alice(pallet_utility::Call::batch_all { calls })
	}),
	("force_transfer", |account| {
		let (source, dest) = (Alice.to_account_id().into(), account.into());
		dispatch_as_root(Call::force_transfer { source, dest, value: TOS })
	}),
	("force_set_balance", |account| {
		dispatch_as_root(Call::force_set_balance { who: account.into(), new_free: TOS })
	}),
	// Rewards of staking and of reporters.
	("mint", |account| {
		assert_ok!(Balances::mint_into(&account, TOS));
	}),
	// The author's share of fees, slashes, and payments of the treasury.
	("resolve", |account| {
		let credit = <Balances as Balanced<AccountId>>::issue(TOS);
		assert!(<Balances as Balanced<AccountId>>::resolve(&account, credit).is_ok());
	}),
];

/// STA-R8: an account starts with the height as its nonce, however it is created.
#[test]
fn every_way_to_create_an_account_starts_its_nonce_at_the_height() {
	for (method, create) in CREATION_METHODS {
		chain(DEV).execute_with(|| {
			let (_, account) = newcomer();
			run_to(11);
			System::set_block_number(12);
			create(account.clone());
			assert!(System::account_exists(&account), "{method}");
			assert_eq!(nonce(&account), 12, "{method}");
		});
	}
}

/// STA-R8: the accounts of genesis start at 0.
#[test]
fn genesis_accounts_start_at_nonce_zero() {
	chain(DEV).execute_with(|| {
		let accounts: Vec<_> = frame_system::Account::<Runtime>::iter().collect();
		assert!(accounts.len() > 3);
		for (account, record) in accounts {
			assert_eq!(record.nonce, 0, "{account}");
		}
	});
}
