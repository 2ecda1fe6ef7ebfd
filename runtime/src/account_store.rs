//! The store of balances, which also sets the nonce of each new account.

use crate::{constants::currency::EXISTENTIAL_DEPOSIT, AccountId, Balance, Nonce, Runtime, System};
use frame_support::traits::StoredMap;
use frame_system::{Account, AccountInfo};
use pallet_balances::AccountData;
use sp_runtime::DispatchError;

/// Keeps balances in `System.Account` and starts the nonce of a new account at the height (STA-R8).
///
/// The nonce of an account that was reaped and is created again does not start at zero, so
/// transactions that it signed with nonces below the current height cannot be replayed. ADR 0018
/// describes the cases that this does not cover.
///
/// `frame_system::Config::OnNewAccount` cannot do this: it is called while `System.Account` is
/// being mutated, and the mutation then overwrites what the handler wrote. After genesis only
/// `pallet-balances` creates accounts, and it reaches `System.Account` through this store alone. (The
/// record that `pallet-fee-pot` writes is that of no signer, and ends with the block.) If a pallet that
/// calls `inc_providers` or `inc_sufficients` itself is added, nonces must be started there as well.
pub struct AccountStore;

/// Record of an account (STA-R5).
type Record = AccountInfo<Nonce, AccountData<Balance>>;

impl StoredMap<AccountId, AccountData<Balance>> for AccountStore {
	fn get(account: &AccountId) -> AccountData<Balance> {
		System::get(account)
	}

	/// Does what `frame_system` does, and starts the nonce of a new account.
	///
	/// With one write of the record and one or two reads: it is read again if `mutate` may have changed the references of
	/// the account. `frame_system` reads it up to four times, and each transfer comes here at least three times.
	fn try_mutate_exists<R, E: From<DispatchError>>(
		account: &AccountId,
		mutate: impl FnOnce(&mut Option<AccountData<Balance>>) -> Result<R, E>,
	) -> Result<R, E> {
		let before: Record = Account::<Runtime>::get(account);
		let was_alive = is_alive(&before);
		let mut data = Some(before.data.clone()).filter(|data| *data != AccountData::default());
		let result = mutate(&mut data);
		let mut record = if result.is_ok() && keeps_references(&before.data, data.as_ref()) {
			#[cfg(test)]
			assert_eq!(Account::<Runtime>::get(account), before, "the record has changed");
			before
		} else {
			Account::<Runtime>::get(account)
		};
		let is_new = !was_alive && is_alive(&record);
		if is_new {
			start_nonce(&mut record);
		}
		match &result {
			Ok(_) if is_alive(&record) => {
				record.data = data.unwrap_or_default();
				Account::<Runtime>::insert(account, record);
			},
			Ok(_) => Account::<Runtime>::remove(account),
			// The account stays if the caller is not transactional.
			Err(_) if is_new => Account::<Runtime>::insert(account, record),
			Err(_) => {},
		}
		result
	}
}

/// Raises the nonce of an account that has just been created to the number of this block: 0 at genesis.
fn start_nonce(record: &mut Record) {
	record.nonce = record.nonce.max(System::block_number());
}

/// Whether `pallet-balances` leaves the references of an account alone when it succeeds in changing the balance in this
/// way.
///
/// It adds or removes a provider if the free balance crosses the existential deposit, and a consumer if the account
/// gets or loses a reserved or frozen balance; of an account that has one, it repairs a missing consumer. So it changes
/// nothing else of an account that has a sufficient free balance, and no other, before and after the change.
fn keeps_references(before: &AccountData<Balance>, after: Option<&AccountData<Balance>>) -> bool {
	let is_only_free = |data: &AccountData<Balance>| {
		data.free >= EXISTENTIAL_DEPOSIT && data.reserved == 0 && data.frozen == 0
	};
	is_only_free(before) && after.is_some_and(is_only_free)
}

/// Whether anything references the account. The SDK calls an account new when this becomes true.
fn is_alive(record: &Record) -> bool {
	record.providers > 0 || record.sufficients > 0
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Balances, RuntimeHoldReason};
	use frame_support::traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Fortitude::Polite, Precision::Exact, Preservation},
		BalanceStatus, LockableCurrency, ReservableCurrency, WithdrawReasons,
	};
	use sp_io::TestExternalities;

	type Operation = fn() -> Result<(), DispatchError>;
	type Change = fn(&mut Option<AccountData<Balance>>) -> Result<(), DispatchError>;

	const WHO: AccountId = AccountId::new([7; 32]);

	fn with_free(free: Balance) -> AccountData<Balance> {
		AccountData { free, ..Default::default() }
	}

	/// What `pallet-balances` and others do to an account while its data is being changed.
	const CHANGES: [(&str, Change); 10] = [
		("nothing", |_| Ok(())),
		("error", |_| Err(DispatchError::Unavailable)),
		("more", |data| {
			*data = Some(with_free(5));
			Ok(())
		}),
		("enough", |data| {
			*data = Some(with_free(2 * EXISTENTIAL_DEPOSIT));
			Ok(())
		}),
		("enough and an error", |data| {
			*data = Some(with_free(2 * EXISTENTIAL_DEPOSIT));
			Err(DispatchError::Unavailable)
		}),
		("removal", |data| {
			*data = None;
			Ok(())
		}),
		("creation", |data| {
			System::inc_providers(&WHO);
			*data = Some(with_free(5));
			Ok(())
		}),
		("creation and an error", |_| {
			System::inc_providers(&WHO);
			Err(DispatchError::Unavailable)
		}),
		("a consumer", |data| {
			*data = Some(with_free(5));
			System::inc_consumers(&WHO)
		}),
		("one provider less", |data| {
			*data = None;
			System::dec_providers(&WHO).map(|_| ())
		}),
	];

	/// Records before a change: whether there is one, and its counters and free balance.
	fn records() -> Vec<Option<Record>> {
		let record = |providers, consumers, sufficients, free| {
			let data = with_free(free);
			Some(Record { nonce: 3, consumers, providers, sufficients, data })
		};
		vec![
			None,
			record(1, 0, 0, 9),
			record(1, 1, 0, 9),
			record(2, 1, 0, 0),
			record(0, 0, 1, 0),
			record(1, 0, 1, 9),
			record(1, 0, 0, 3 * EXISTENTIAL_DEPOSIT),
			record(1, 1, 0, EXISTENTIAL_DEPOSIT),
			record(0, 0, 1, EXISTENTIAL_DEPOSIT),
		]
	}

	/// The record after a change of `record` through `store`, what the change returned, and the events.
	fn changed(
		record: &Option<Record>,
		store: impl FnOnce() -> Result<(), DispatchError>,
	) -> (Option<Record>, Result<(), DispatchError>, usize) {
		TestExternalities::default().execute_with(|| {
			System::set_block_number(11);
			if let Some(record) = record {
				Account::<Runtime>::insert(WHO, record);
			}
			let result = store();
			let after = Account::<Runtime>::contains_key(WHO).then(|| Account::<Runtime>::get(WHO));
			(after, result, System::events().len())
		})
	}

	/// STA-R8: apart from the nonce of a new account, the store leaves what that of the SDK leaves.
	#[test]
	fn store_differs_from_that_of_the_sdk_in_the_nonces_of_new_accounts_only() {
		for before in records() {
			for (name, change) in CHANGES {
				let (mut expected, expected_result, expected_events) =
					changed(&before, || System::try_mutate_exists(&WHO, change));
				let (after, result, events) =
					changed(&before, || AccountStore::try_mutate_exists(&WHO, change));
				if let Some(record) = expected.as_mut().filter(|record| is_alive(record)) {
					record.nonce = if before.is_none() { 11 } else { record.nonce };
				}
				assert_eq!(after, expected, "{name} of {before:?}");
				assert_eq!(result, expected_result, "{name} of {before:?}");
				assert_eq!(events, expected_events, "{name} of {before:?}");
			}
		}
	}

	const OTHER: AccountId = AccountId::new([8; 32]);
	const REASON: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
	const LOCK: [u8; 8] = *b"testlock";
	const ED: Balance = EXISTENTIAL_DEPOSIT;

	/// One operation of each kind, on accounts that have a free balance only, and on others.
	const OPERATIONS: [(&str, Operation); 15] = [
		("creation", || Balances::mint_into(&WHO, 100 * ED).map(drop)),
		("creation by a transfer", || transfer(2 * ED)),
		("transfer", || transfer(ED)),
		("first hold", || Balances::hold(&REASON, &WHO, 10 * ED)),
		("transfer of a holder", || transfer(ED)),
		("release of a part", || Balances::release(&REASON, &WHO, ED, Exact).map(drop)),
		("release of the rest", || Balances::release(&REASON, &WHO, 9 * ED, Exact).map(drop)),
		("lock", || {
			Balances::set_lock(LOCK, &WHO, 10 * ED, WithdrawReasons::all());
			transfer(ED)
		}),
		("unlocking", || {
			Balances::remove_lock(LOCK, &WHO);
			transfer(ED)
		}),
		("reserve", || Balances::reserve(&WHO, 10 * ED)),
		("payment from the reserve", || {
			Balances::repatriate_reserved(&WHO, &OTHER, ED, BalanceStatus::Free).map(drop)
		}),
		("end of the reserve", || {
			Balances::unreserve(&WHO, 10 * ED);
			Ok(())
		}),
		("burning", || {
			let keep = Preservation::Preserve;
			Balances::burn_from(&WHO, ED, keep, Exact, Polite).map(drop)
		}),
		("minting", || Balances::mint_into(&WHO, ED).map(drop)),
		("transfer of everything", || {
			let all = Account::<Runtime>::get(WHO).data.free;
			Balances::transfer(&WHO, &OTHER, all, Preservation::Expendable).map(drop)
		}),
	];

	fn transfer(value: Balance) -> Result<(), DispatchError> {
		Balances::transfer(&WHO, &OTHER, value, Preservation::Preserve).map(drop)
	}

	/// What the store relies on: each change here passes the assertion within it, too.
	#[test]
	fn references_of_an_account_follow_from_its_balance() {
		TestExternalities::default().execute_with(|| {
			System::set_block_number(11);
			for (name, operation) in OPERATIONS {
				assert_eq!(operation(), Ok(()), "{name}");
				for account in [WHO, OTHER] {
					let Record { consumers, providers, data, .. } =
						Account::<Runtime>::get(account);
					assert_eq!(providers, u32::from(data.free >= ED), "{name}");
					let has_more = data.reserved > 0 || data.frozen > 0;
					assert_eq!(consumers, u32::from(has_more), "{name}");
				}
			}
			assert!(!Account::<Runtime>::contains_key(WHO));
		});
	}
}
