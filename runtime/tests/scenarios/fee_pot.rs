//! The fees of a block gather in the pot and are paid out at its end (ECO-R4, ECO-R11).

use crate::{
	blocks::last_fee,
	common::{
		chain, code_of, genesis_json, run_block, run_observed_block, sign, sign_with_tip,
		stop_payouts, upgradable,
	},
};
use frame_support::{assert_ok, storage::storage_prefix, traits::fungible::Inspect};
use frame_system::{Account, Phase};
use gtos_runtime::{
	configs::fees::TreasuryAccount,
	constants::currency::{EXISTENTIAL_DEPOSIT, TOS},
	genesis_config_presets::{DEV, DEVELOPMENT_TIMING, LOCAL},
	AccountId, Authorship, Balance, Balances, FeePot, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, System, VERSION,
};
use pallet_conviction_voting::Conviction;
use pallet_staking::RewardDestination;
use pallet_transaction_payment::Event::TransactionFeePaid;
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Bob, Ferdie};
use sp_runtime::traits::{BlakeTwo256, Hash as _, TypedGet};
use std::collections::BTreeSet;

fn transfer(value: Balance) -> RuntimeCall {
	let dest = Bob.to_account_id().into();
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive { dest, value })
}

/// What all accounts have together.
fn sum_of_accounts() -> Balance {
	Account::<Runtime>::iter_values().map(|account| account.data.free + account.data.reserved).sum()
}

/// What the pot has.
fn gathered() -> Balance {
	Balances::total_balance(&FeePot::account())
}

/// What the transactions of this block have paid, tips included.
fn paid() -> Balance {
	let payment = |event| match event {
		RuntimeEvent::TransactionPayment(TransactionFeePaid { actual_fee, .. }) => Some(actual_fee),
		_ => None,
	};
	System::events().into_iter().filter_map(|record| payment(record.event)).sum()
}

/// The deposits of this block in the phase that `is_expected` accepts, in order.
fn deposits(is_expected: impl Fn(&Phase) -> bool) -> Vec<(AccountId, Balance)> {
	let deposit = |event| match event {
		RuntimeEvent::Balances(pallet_balances::Event::Deposit { who, amount }) => {
			Some((who, amount))
		},
		_ => None,
	};
	let records = System::events().into_iter().filter(|record| is_expected(&record.phase));
	records.filter_map(|record| deposit(record.event)).collect()
}

/// The deposits after the transactions of this block.
fn payouts() -> Vec<(AccountId, Balance)> {
	deposits(|phase| *phase == Phase::Finalization)
}

/// The payouts of a block with these fees and tips (ECO-R4).
fn shares(author: AccountId, fees: Balance, tips: Balance) -> [(AccountId, Balance); 2] {
	let for_treasury = fees * 80 / 100;
	[(author, fees - for_treasury + tips), (TreasuryAccount::get(), for_treasury)]
}

/// ECO-I2, ECO-R11: whatever a transaction does, the issuance is the sum of all accounts once it is done.
#[test]
fn issuance_is_the_sum_of_all_accounts_after_every_transaction() {
	let newcomer = AccountId::new([9; 32]);
	let calls: Vec<RuntimeCall> = vec![
		transfer(TOS),
		RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
			dest: newcomer.into(),
			value: TOS,
		}),
		// More than Alice has.
		transfer(Balance::MAX / 2),
		RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
			dest: FeePot::account().into(),
			value: TOS,
		}),
		RuntimeCall::TtlKv(pallet_ttl_kv::Call::kv_put_ttl {
			key: vec![1],
			value: vec![2; 100],
			ttl: 10,
		}),
		RuntimeCall::ContractStore(pallet_contract_store::Call::contract_deploy {
			code: vec![3; 100],
			salt: Default::default(),
		}),
		RuntimeCall::Staking(pallet_staking::Call::bond {
			value: 100 * TOS,
			payee: RewardDestination::Staked,
		}),
	];
	let count = calls.len();
	let transactions = (0_u32..).zip(calls);
	let transactions =
		transactions.map(|(nonce, call)| sign_with_tip(Alice, nonce, nonce.into(), call));
	chain(DEV).execute_with(|| {
		let issued = Balances::total_issuance();
		assert_eq!(sum_of_accounts(), issued);
		let mut pots = Vec::new();
		let results = run_observed_block(0, transactions.collect(), || {
			assert_eq!(Balances::total_issuance(), issued);
			assert_eq!(sum_of_accounts(), issued);
			pots.push(gathered() - paid());
		});
		assert!(results.iter().all(Result::is_ok), "{results:?}");
		assert_eq!(results.iter().filter(|result| **result == Ok(Ok(()))).count(), count - 1);
		// The transfer to the pot is the fourth transaction.
		assert_eq!(pots, [0, 0, 0, TOS, TOS, TOS, TOS]);
		assert_eq!(Balances::total_issuance(), issued);
		assert_eq!(sum_of_accounts(), issued);
		let tips: Balance = (0..count as Balance).sum();
		let author = AliceStash.to_account_id();
		assert_eq!(payouts(), shares(author, paid() + TOS - tips, tips));
		// ECO-I1
		assert!(!Account::<Runtime>::contains_key(FeePot::account()));
	});
}

/// ECO-R2, ECO-I2: a sender that its own call reaps gets no refund; nothing is lost.
#[test]
fn fee_of_a_sender_that_is_reaped_is_paid_out() {
	chain(DEV).execute_with(|| {
		let issued = Balances::total_issuance();
		let leave = RuntimeCall::Balances(pallet_balances::Call::transfer_all {
			dest: Bob.to_account_id().into(),
			keep_alive: false,
		});
		let results = run_observed_block(0, vec![sign(Ferdie, 0, leave)], || {
			assert!(!System::account_exists(&Ferdie.to_account_id()));
			assert_eq!(sum_of_accounts(), issued);
			assert!(gathered() >= paid());
		});
		assert_eq!(results, [Ok(Ok(()))]);
		assert_eq!(payouts().len(), 2);
		assert_eq!(sum_of_accounts(), issued);
		assert_eq!(Balances::total_issuance(), issued);
	});
}

/// ECO-R2, ECO-R11: indexers find withdrawal and payment; author and treasury have no event in the transaction.
#[test]
fn transfer_deposits_no_event_for_author_treasury_and_pot() {
	chain(DEV).execute_with(|| {
		assert_eq!(run_block(0, vec![sign(Alice, 0, transfer(TOS))]), [Ok(Ok(()))]);
		// The inherent is the first extrinsic.
		let of_transfer = |phase: &Phase| *phase == Phase::ApplyExtrinsic(1);
		let alice = Alice.to_account_id();
		assert!(deposits(of_transfer).iter().all(|(who, _)| *who == alice));
		let records = System::events();
		let count = |is_one: fn(&RuntimeEvent) -> bool| {
			records
				.iter()
				.filter(|record| of_transfer(&record.phase) && is_one(&record.event))
				.count()
		};
		let withdrawals = count(|event| {
			matches!(event, RuntimeEvent::Balances(pallet_balances::Event::Withdraw { .. }))
		});
		let payments = count(|event| {
			matches!(event, RuntimeEvent::TransactionPayment(TransactionFeePaid { .. }))
		});
		assert_eq!((withdrawals, payments), (1, 1));
		assert_eq!(payouts(), shares(AliceStash.to_account_id(), last_fee().0, 0));
	});
}

/// ECO-R4: in blocks that rotate the session and begin an era, too, the author of the block is paid, and is then
/// forgotten.
#[test]
fn author_of_every_block_of_an_era_is_paid() {
	let era_blocks = DEVELOPMENT_TIMING.sessions_per_era * DEVELOPMENT_TIMING.session_length_blocks;
	chain(LOCAL).execute_with(|| {
		// Rewards would be deposits in the same phase.
		stop_payouts();
		let mut authors = BTreeSet::new();
		for nonce in 0..era_blocks + 1 {
			let tip = 1_000 + Balance::from(nonce);
			let transaction = sign_with_tip(Alice, nonce, tip, transfer(TOS));
			let mut author = None;
			let results =
				run_observed_block(0, vec![transaction], || author = Authorship::author());
			assert_eq!(results, [Ok(Ok(()))]);
			let author = author.expect("the header names it");
			assert_eq!(payouts(), shares(author.clone(), last_fee().0 - tip, tip));
			assert!(!sp_io::storage::exists(&storage_prefix(b"Authorship", b"Author")));
			authors.insert(author);
		}
		assert_eq!(authors.len(), 3);
	});
}

/// ECO-R11: once somebody has delegated votes to the pot, anybody can unlock them. That writes the account, also while
/// it has less than the existential deposit.
#[test]
fn call_that_writes_the_pot_takes_nothing_out_of_it() {
	use pallet_conviction_voting::Call;
	chain(DEV).execute_with(|| {
		let target = FeePot::account();
		let delegate = RuntimeCall::ConvictionVoting(Call::delegate {
			class: 0,
			to: target.clone().into(),
			conviction: Conviction::None,
			balance: TOS,
		});
		assert_eq!(run_block(0, vec![sign(Alice, 0, delegate)]), [Ok(Ok(()))]);

		let unlock =
			RuntimeCall::ConvictionVoting(Call::unlock { class: 0, target: target.into() });
		let transactions = vec![sign_with_tip(Alice, 1, 7, transfer(TOS)), sign(Alice, 2, unlock)];
		let mut pots = Vec::new();
		let results = run_observed_block(0, transactions, || {
			assert_eq!(gathered(), paid());
			pots.push(gathered());
		});
		assert_eq!(results, [Ok(Ok(())), Ok(Ok(()))]);
		assert!(pots[0] < EXISTENTIAL_DEPOSIT, "{pots:?}");
		assert_eq!(payouts(), shares(AliceStash.to_account_id(), paid() - 7, 7));
		assert!(!Account::<Runtime>::contains_key(FeePot::account()));
	});
}

#[test]
fn block_without_transactions_pays_nothing_out() {
	chain(DEV).execute_with(|| {
		let treasury = Balances::free_balance(TreasuryAccount::get());
		run_block(0, vec![]);
		assert!(payouts().is_empty());
		assert_eq!(Balances::free_balance(TreasuryAccount::get()), treasury);
	});
}

/// The upgrade itself costs only its tip (ECO-R2).
#[test]
fn block_that_replaces_the_runtime_pays_its_fees_out() {
	upgradable(&genesis_json(DEV)).execute_with(|| {
		let code = code_of(VERSION.spec_version + 1);
		assert_ok!(System::authorize_upgrade(RuntimeOrigin::root(), BlakeTwo256::hash(&code)));
		let upgrade = RuntimeCall::System(frame_system::Call::apply_authorized_upgrade {
			code: code.clone(),
		});
		let transactions = vec![sign(Alice, 0, transfer(TOS)), sign_with_tip(Alice, 1, 7, upgrade)];
		assert_eq!(run_block(0, transactions), [Ok(Ok(())), Ok(Ok(()))]);
		let stored = sp_io::storage::get(sp_core::storage::well_known_keys::CODE);
		assert_eq!(stored.as_deref(), Some(&code[..]));
		assert_eq!(payouts(), shares(AliceStash.to_account_id(), paid() - 7, 7));
	});
}
