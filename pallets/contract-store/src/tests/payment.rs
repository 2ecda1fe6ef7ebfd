//! Price and payment.

use super::*;
use frame_support::traits::{
	fungible::Inspect,
	tokens::{Fortitude, Preservation},
	LockableCurrency, ReservableCurrency, WithdrawReasons,
};

fn treasury() -> Balance {
	Balances::total_balance(&TreasuryAccount::get())
}

/// Gives `who`, which has no balance yet, the existential deposit and `spare`.
fn fund(who: &AccountId32, spare: Balance) {
	assert_ok!(Balances::transfer_allow_death(
		RuntimeOrigin::signed(BOB),
		who.clone(),
		EXISTENTIAL_DEPOSIT + spare
	));
}

/// CTR-R7: the amounts that the specification names.
#[test]
fn price_of_a_record_and_of_new_code_is_the_specified_amount() {
	on_chain(|| {
		for (length, price) in
			[(0, 51_200_000_000), (102_400, 10_291_200_000_000), (262_144, 26_265_600_000_000)]
		{
			assert_eq!(ContractStore::price(length), Ok(price));
			assert_eq!(price_with(length as usize), price);
		}
	});
}

/// CTR-R7, CTR-R8: new code is paid for by the byte, and the treasury receives every unit.
#[test]
fn payment_for_new_code_moves_from_deployer_to_treasury() {
	on_chain(|| {
		for (salt, length) in [1, 2, 1_000, LONGEST].into_iter().enumerate() {
			let (before, income) = (Balances::free_balance(ALICE), treasury());
			let issued = Balances::total_issuance();
			let salt = H256::from_low_u64_be(salt as u64);
			assert_ok!(dispatch(ALICE, deploy(&vec![7; length], salt)));
			assert_eq!(before - Balances::free_balance(ALICE), price_with(length));
			assert_eq!(treasury() - income, price_with(length));
			assert_eq!(Balances::total_issuance(), issued);
		}
	});
}

/// CTR-R7: only the first deployment pays for the code.
#[test]
fn payment_for_known_code_is_that_of_the_record() {
	on_chain(|| {
		let code = vec![7; 1_000];
		assert_ok!(dispatch(ALICE, deploy(&code, SALT)));
		let before = Balances::free_balance(BOB);
		assert_ok!(dispatch(BOB, deploy(&code, SALT)));
		assert_ok!(dispatch(BOB, deploy_hash(code_hash(&code), OTHER_SALT)));
		assert_eq!(before - Balances::free_balance(BOB), 2 * price_with(0));
	});
}

/// CTR-R8: a balance of price and existential deposit is enough, and one unit less is not.
#[test]
fn payment_down_to_the_existential_deposit_succeeds_and_below_it_fails() {
	on_chain(|| {
		fund(&NOBODY, price_with(8) - 1);
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::InsufficientBalance);
		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(BOB), NOBODY, 1));
		assert_ok!(dispatch(NOBODY, deploy(CODE, SALT)));
		assert_eq!(Balances::free_balance(NOBODY), EXISTENTIAL_DEPOSIT);
		assert!(System::account_exists(&NOBODY));
	});
}

/// CTR-R8: a deployment never reaps the account, even if the balance is exactly the price.
#[test]
fn payment_of_the_whole_balance_is_refused() {
	on_chain(|| {
		fund(&NOBODY, price_with(8) - EXISTENTIAL_DEPOSIT);
		assert_eq!(Balances::free_balance(NOBODY), price_with(8));
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::InsufficientBalance);
	});
}

/// CTR-R8, STA-R7: funds on hold cannot be spent.
#[test]
fn payment_from_balance_on_hold_is_refused() {
	on_chain(|| {
		fund(&NOBODY, price_with(8));
		assert_ok!(Balances::reserve(&NOBODY, 1));
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::InsufficientBalance);
		Balances::unreserve(&NOBODY, 1);
		assert_ok!(dispatch(NOBODY, deploy(CODE, SALT)));
	});
}

/// CTR-R8, STA-R7: not one unit of frozen funds can be spent; funds on hold count towards the freeze.
#[test]
fn payment_from_frozen_balance_is_refused() {
	on_chain(|| {
		const LOCK: [u8; 8] = *b"ctr/test";
		let spare = price_with(8);
		fund(&NOBODY, spare);
		Balances::set_lock(LOCK, &NOBODY, EXISTENTIAL_DEPOSIT + 1, WithdrawReasons::all());
		assert_noop!(dispatch(NOBODY, deploy(CODE, SALT)), Error::<Test>::InsufficientBalance);
		Balances::set_lock(LOCK, &NOBODY, EXISTENTIAL_DEPOSIT, WithdrawReasons::all());
		assert_ok!(dispatch(NOBODY, deploy(CODE, SALT)));

		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(BOB),
			NOBODY,
			price_with(0) + TOS
		));
		assert_ok!(Balances::reserve(&NOBODY, TOS));
		Balances::set_lock(LOCK, &NOBODY, TOS + EXISTENTIAL_DEPOSIT + 1, WithdrawReasons::all());
		assert_noop!(
			dispatch(NOBODY, deploy_hash(code_hash(CODE), OTHER_SALT)),
			Error::<Test>::InsufficientBalance
		);
		Balances::set_lock(LOCK, &NOBODY, TOS + EXISTENTIAL_DEPOSIT, WithdrawReasons::all());
		assert_ok!(dispatch(NOBODY, deploy_hash(code_hash(CODE), OTHER_SALT)));
	});
}

/// CTR-R8, STA-R7: a deployment can spend exactly the reducible balance.
#[test]
fn payment_of_all_that_can_be_spent_succeeds() {
	on_chain(|| {
		fund(&NOBODY, price_with(100));
		let can_spend =
			Balances::reducible_balance(&NOBODY, Preservation::Preserve, Fortitude::Polite);
		assert_eq!(can_spend, price_with(100));
		let too_expensive = [7; 101];
		assert_noop!(
			dispatch(NOBODY, deploy(&too_expensive, SALT)),
			Error::<Test>::InsufficientBalance
		);
		assert_ok!(dispatch(NOBODY, deploy(&too_expensive[1..], SALT)));
	});
}

/// CTR-R8: an atomic batch that fails later undoes the payment with everything else.
#[test]
fn payment_in_a_batch_that_fails_is_undone_with_the_deployment() {
	on_chain(|| {
		let calls = vec![deploy(CODE, SALT), deploy(CODE, SALT)];
		let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls });
		assert_noop!(dispatch(ALICE, batch), Error::<Test>::AlreadyDeployed);
		assert_eq!(treasury(), 0);
	});
}

/// A price that does not fit a balance is an error; it does not wrap.
#[test]
fn price_that_overflows_is_an_error() {
	on_chain(|| {
		let usual = PricePerByte::get();
		PricePerByte::set(Balance::MAX / 512);
		assert!(ContractStore::price(0).is_ok());
		assert_eq!(ContractStore::price(1), Err(sp_runtime::ArithmeticError::Overflow));
		assert_eq!(ContractStore::quote(1), None);
		assert_noop!(dispatch(ALICE, deploy(CODE, SALT)), sp_runtime::ArithmeticError::Overflow);
		PricePerByte::set(usual);
	});
}
