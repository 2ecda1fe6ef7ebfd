//! The store of balances, which also sets the nonce of each new account.

use crate::{AccountId, Balance, Nonce, Runtime, System};
use frame_support::traits::StoredMap;
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
/// `pallet-balances` creates accounts, and it reaches `System.Account` through this store alone. If
/// a pallet that calls `inc_providers` or `inc_sufficients` itself is added, nonces must be started
/// there as well.
pub struct AccountStore;

impl StoredMap<AccountId, AccountData<Balance>> for AccountStore {
	fn get(account: &AccountId) -> AccountData<Balance> {
		System::get(account)
	}

	fn try_mutate_exists<R, E: From<DispatchError>>(
		account: &AccountId,
		mutate: impl FnOnce(&mut Option<AccountData<Balance>>) -> Result<R, E>,
	) -> Result<R, E> {
		let was_alive = is_alive(account);
		let result = System::try_mutate_exists(account, mutate);
		// Also after an error: the account stays if the caller is not transactional.
		if !was_alive && is_alive(account) {
			start_nonce(account);
		}
		result
	}
}

/// Raises the nonce of an account that has just been created to the number of this block: 0 at genesis.
fn start_nonce(account: &AccountId) {
	let height: Nonce = System::block_number();
	frame_system::Account::<Runtime>::mutate(account, |record| {
		record.nonce = record.nonce.max(height);
	});
}

/// Whether anything references the account. The SDK calls an account new when this becomes true.
fn is_alive(account: &AccountId) -> bool {
	System::reference_count(account) > 0
}
