//! What the pot gathers, and who gets it.

use crate::{mock::*, try_state::sum_of_accounts, CreditOf, Tips, WeightInfo};
use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungible::{Balanced, Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Hooks, Imbalance, LockableCurrency, OnUnbalanced,
	},
	StorageNoopGuard,
};
use sp_runtime::{AccountId32, TokenError};

/// Alice pays a fee and a tip, as a transaction does.
fn pay(fee: u128, tip: u128) {
	let paid = Balances::withdraw(
		&ALICE,
		fee + tip,
		Precision::Exact,
		Preservation::Preserve,
		Fortitude::Polite,
	)
	.expect("Alice has enough");
	let (fee, tip) = paid.split(fee);
	FeePot::on_unbalanceds([fee, tip].into_iter());
}

/// What the pot has.
fn gathered() -> u128 {
	<Balances as Inspect<AccountId32>>::total_balance(&FeePot::account())
}

/// The deposits of this block, in order.
fn deposits() -> Vec<(AccountId32, u128)> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Balances(pallet_balances::Event::Deposit { who, amount }) => {
				Some((who, amount))
			},
			_ => None,
		})
		.collect()
}

/// ECO-R11: a fee below the existential deposit is in the pot at once, without an event of the pot.
#[test]
fn fees_and_tips_gather_in_the_pot_without_events() {
	in_block(|| {
		pay(5, 0);
		assert_eq!((gathered(), Tips::<Test>::get()), (5, 0));
		assert!(!Tips::<Test>::exists());
		pay(DEPOSIT, 7);
		assert_eq!((gathered(), Tips::<Test>::get()), (DEPOSIT + 12, 7));
		assert!(deposits().is_empty());
		assert_eq!((free(&TREASURY), free(&AUTHOR)), (DEPOSIT, DEPOSIT));
	});
}

/// ECO-I2, ECO-R11: no unit is missing between two transactions of a block.
#[test]
fn issuance_is_the_sum_of_all_accounts_after_every_fee() {
	in_block(|| {
		let issued = Balances::total_issuance();
		for (fee, tip) in [(1, 0), (9, 3), (DEPOSIT - 1, 0), (0, 4), (3 * DEPOSIT, DEPOSIT)] {
			pay(fee, tip);
			assert_eq!(sum_of_accounts::<Test>(), issued);
			assert_eq!(Balances::total_issuance(), issued);
		}
		end_block();
		assert_eq!(sum_of_accounts::<Test>(), issued);
		assert_eq!(Balances::total_issuance(), issued);
	});
}

/// ECO-R4: the sum of the fees is divided, not each fee, and the author gets all tips.
#[test]
fn end_of_a_block_pays_the_sum_of_its_fees() {
	in_block(|| {
		for _ in 0..3 {
			pay(6, 2);
		}
		end_block();
		// 18 * 80 / 100 is 14; three times 6 * 80 / 100 would be 12.
		assert_eq!(deposits(), [(AUTHOR, 4 + 6), (TREASURY, 14)]);
		pay(101, 0);
		end_block();
		assert_eq!((free(&TREASURY), free(&AUTHOR)), (DEPOSIT + 14 + 80, DEPOSIT + 10 + 21));
	});
}

/// The order of the pallets: the author is known until it has been paid, and forgotten with the block.
#[test]
fn author_of_each_block_is_paid() {
	in_block(|| {
		for number in 2..5 {
			let author = AccountId32::new([100 + number; 32]);
			next_block_by(Some(author.clone()));
			pay(10 * DEPOSIT, 0);
			end_block();
			assert_eq!(free(&author), 2 * DEPOSIT);
			KnownAuthor::set(None);
			assert_eq!(Authorship::author(), None);
		}
	});
}

/// ECO-R4: an account that would be below the existential deposit is not created.
#[test]
fn share_that_cannot_create_the_authors_account_goes_to_the_treasury() {
	in_block(|| {
		let newcomer = AccountId32::new([7; 32]);
		next_block_by(Some(newcomer.clone()));
		pay(DEPOSIT, DEPOSIT - DEPOSIT / 5 - 1);
		let issued = Balances::total_issuance();
		end_block();
		assert_eq!(deposits(), [(TREASURY, 2 * DEPOSIT - DEPOSIT / 5 - 1)]);
		assert!(!System::account_exists(&newcomer));
		assert_eq!(Balances::total_issuance(), issued);

		next_block_by(Some(newcomer.clone()));
		pay(DEPOSIT, DEPOSIT - DEPOSIT / 5);
		end_block();
		assert_eq!(free(&newcomer), DEPOSIT);
	});
}

/// ECO-R4: the treasury gets everything if nobody is known to have made the block.
#[test]
fn fees_of_a_block_without_a_known_author_go_to_the_treasury() {
	in_block(|| {
		next_block_by(None);
		pay(100, 11);
		end_block();
		assert_eq!(deposits(), [(TREASURY, 111)]);
	});
}

/// ECO-R8: what the treasury cannot get because it has no account is burnt, as everywhere.
#[test]
fn share_that_cannot_create_the_treasury_is_burnt() {
	in_block(|| {
		let everything = free(&TREASURY);
		let emptied = Balances::withdraw(
			&TREASURY,
			everything,
			Precision::Exact,
			Preservation::Expendable,
			Fortitude::Force,
		);
		drop(emptied.expect("it has that much"));
		let issued = Balances::total_issuance();
		pay(100, 0);
		end_block();
		assert_eq!(deposits(), [(AUTHOR, 20)]);
		assert_eq!(Balances::total_issuance(), issued - 80);

		next_block_by(Some(AUTHOR));
		pay(10 * DEPOSIT, 0);
		end_block();
		assert_eq!(free(&TREASURY), 8 * DEPOSIT);
	});
}

/// ECO-R11: a block of inherents only, one of a migration, and one whose calls have all waived their fees.
#[test]
fn block_without_fees_writes_nothing() {
	in_block(|| {
		next_block_by(Some(AUTHOR));
		let _guard = StorageNoopGuard::default();
		FeePot::on_unbalanceds([CreditOf::<Test>::zero()].into_iter());
		FeePot::on_unbalanceds([CreditOf::<Test>::zero(), CreditOf::<Test>::zero()].into_iter());
		FeePot::on_finalize(System::block_number());
	});
}

/// ECO-R11: the pot is an account like others for whoever sends something to it, and it is paid out as fees are.
#[test]
fn transfer_to_the_pot_is_shared_like_a_fee() {
	in_block(|| {
		let transfer = |amount| {
			let origin = RuntimeOrigin::signed(ALICE);
			Balances::transfer_keep_alive(origin, FeePot::account(), amount)
		};
		assert_noop!(transfer(DEPOSIT - 1), TokenError::BelowMinimum);
		pay(40, 0);
		// The fee does not count: it is reserved.
		assert_noop!(transfer(DEPOSIT - 1), TokenError::BelowMinimum);
		assert_ok!(transfer(DEPOSIT));
		pay(3, 9);
		assert_ok!(transfer(1));
		assert_eq!(gathered(), DEPOSIT + 53);
		end_block();
		let fees = DEPOSIT + 44;
		let for_treasury = fees * 80 / 100;
		assert_eq!(deposits(), [(AUTHOR, fees - for_treasury + 9), (TREASURY, for_treasury)]);
	});
}

/// The pot may get something before any fee, in a hook or in the first transaction.
#[test]
fn fees_gather_in_a_pot_that_a_transfer_has_created() {
	in_block(|| {
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(Balances::transfer_keep_alive(origin, FeePot::account(), 2 * DEPOSIT));
		pay(5, 0);
		assert_eq!(gathered(), 2 * DEPOSIT + 5);
	});
}

/// ECO-R11: `pallet-balances` writes an account when anybody renews its locks, and removes what it has below the
/// existential deposit then.
#[test]
fn fees_stay_in_a_pot_that_is_written_while_it_is_small() {
	in_block(|| {
		let issued = Balances::total_issuance();
		let write = || Balances::remove_lock(*b"nobody's", &FeePot::account());
		write();
		pay(40, 9);
		write();
		assert_eq!(gathered(), 49);
		pay(10, 0);
		write();
		end_block();
		assert_eq!(deposits(), [(AUTHOR, 10 + 9), (TREASURY, 40)]);
		assert_eq!(Balances::total_issuance(), issued);
	});
}

/// ECO-R4: root can take what was sent to the pot, but not the fees.
#[test]
fn fees_stay_in_a_pot_that_root_empties() {
	in_block(|| {
		let pot = FeePot::account();
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(Balances::transfer_keep_alive(origin, pot.clone(), 2 * DEPOSIT));
		pay(40, 9);
		pay(10, 0);
		assert!(Balances::force_set_balance(RuntimeOrigin::root(), pot.clone(), 0).is_err());
		Balances::set_balance(&pot, DEPOSIT);
		assert_eq!(gathered(), DEPOSIT + 59);
		end_block();
		let fees = DEPOSIT + 50;
		let for_treasury = fees * 80 / 100;
		assert_eq!(deposits(), [(AUTHOR, fees - for_treasury + 9), (TREASURY, for_treasury)]);
	});
}

/// ECO-R4: no unit is lost to rounding.
#[test]
fn every_amount_is_paid_out_to_the_last_unit() {
	in_block(|| {
		for fee in [1, 2, 3, 4, 5, 99, 100, 12_345_678_901] {
			let (treasury, author) = (free(&TREASURY), free(&AUTHOR));
			next_block_by(Some(AUTHOR));
			pay(fee, 0);
			end_block();
			assert_eq!(free(&TREASURY) - treasury, fee * 80 / 100, "{fee}");
			assert_eq!(free(&AUTHOR) - author, fee - fee * 80 / 100, "{fee}");
		}
	});
}

/// `on_finalize` returns no weight, so the block reserves it when it begins.
#[test]
fn block_reserves_the_weight_of_the_payout() {
	in_block(|| {
		end_block();
		assert_eq!(begin_block(2), <()>::pay_out());
	});
}

/// Applies `break_it` after a block and expects that `try_state` reports `expected`.
fn assert_noticed(expected: &str, break_it: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		pay(100, 1);
		end_block();
		break_it();
		let error = FeePot::do_try_state().expect_err(expected);
		assert_eq!(<&str>::from(error), expected);
	});
}

/// ECO-I1: the pot is empty between two blocks.
#[test]
fn pot_that_outlives_its_block_is_noticed() {
	assert_noticed("ECO-I1: the pot is still in the state after its block", || pay(1, 0));
	assert_noticed("ECO-I1: FeePot.Tips is still in the state after its block", || {
		Tips::<Test>::put(0);
	});
}

/// ECO-I2: a balance without issuance.
#[test]
fn balance_that_nobody_issued_is_noticed() {
	assert_noticed("ECO-I2: the total issuance is not the sum of all accounts", || {
		frame_system::Account::<Test>::mutate(ALICE, |account| account.data.free += 1);
	});
}
