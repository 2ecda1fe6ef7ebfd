//! Calls within batches, derived accounts, multisigs and proxies, and the accounts that they act for.

use frame_support::{assert_ok, traits::fungible::Mutate};
use frame_system::RawOrigin;
use gtos_runtime::{
	configs::accounts::ProxyType, constants::currency::TOS, AccountId, Balances, BlockNumber,
	Multisig, OriginCaller, Proxy, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Ferdie};
use sp_runtime::{traits::Dispatchable, DispatchError, DispatchResult};

pub fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.to_account_id())
}

pub fn dispatch(call: RuntimeCall, origin: RuntimeOrigin) -> DispatchResult {
	call.dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

pub fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

pub fn add_proxy(real: Sr25519Keyring, kind: ProxyType, delay: BlockNumber) {
	assert_ok!(Proxy::add_proxy(signed(real), Bob.to_account_id().into(), kind, delay));
}

pub fn as_proxy_of(real: AccountId, call: RuntimeCall) -> RuntimeCall {
	RuntimeCall::Proxy(pallet_proxy::Call::proxy {
		real: real.into(),
		force_proxy_type: None,
		call: Box::new(call),
	})
}

/// Result of `call`, which Bob makes as the proxy of `real`.
pub fn by_bob_for(real: Sr25519Keyring, call: RuntimeCall) -> DispatchResult {
	assert_ok!(dispatch(as_proxy_of(real.to_account_id(), call), signed(Bob)));
	last_result_of_a_proxy()
}

pub fn last_result_of_a_proxy() -> DispatchResult {
	System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
			_ => None,
		})
		.expect("a proxy has called")
}

/// The multisig of Alice and Charlie in which one of them suffices.
pub fn multisig() -> AccountId {
	let mut signatories = [Alice.to_account_id(), Charlie.to_account_id()];
	signatories.sort();
	Multisig::multi_account_id(&signatories, 1)
}

pub fn as_multisig(call: RuntimeCall) -> RuntimeCall {
	RuntimeCall::Multisig(pallet_multisig::Call::as_multi_threshold_1 {
		other_signatories: vec![Charlie.to_account_id()],
		call: Box::new(call),
	})
}

pub fn as_derivative(call: RuntimeCall) -> RuntimeCall {
	RuntimeCall::Utility(pallet_utility::Call::as_derivative { index: 0, call: Box::new(call) })
}

/// `call` in everything of `pallet-utility` that dispatches it for the same account or a derived one, and within each
/// other.
pub fn wrapped(call: &RuntimeCall) -> Vec<RuntimeCall> {
	use pallet_utility::Call;
	let (one, boxed) = (vec![call.clone()], || Box::new(call.clone()));
	let root: OriginCaller = OriginCaller::system(RawOrigin::Root);
	let wrapped = vec![
		RuntimeCall::Utility(Call::batch { calls: one.clone() }),
		RuntimeCall::Utility(Call::batch_all { calls: one.clone() }),
		RuntimeCall::Utility(Call::force_batch { calls: one }),
		RuntimeCall::Utility(Call::if_else { main: boxed(), fallback: boxed() }),
		RuntimeCall::Utility(Call::dispatch_as { as_origin: Box::new(root), call: boxed() }),
		as_derivative(call.clone()),
	];
	let within: Vec<_> = wrapped
		.iter()
		.map(|inner| RuntimeCall::Utility(Call::batch { calls: vec![inner.clone()] }))
		.chain(wrapped.iter().map(|inner| as_derivative(inner.clone())))
		.collect();
	[vec![call.clone()], wrapped, within].concat()
}

pub fn transfer_to_ferdie() -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
		dest: Ferdie.to_account_id().into(),
		value: TOS,
	})
}

/// Alice has a derived account, a multisig, and Dave's permission to do everything.
pub fn give_alice_other_accounts() {
	let derived = pallet_utility::derivative_account_id(Alice.to_account_id(), 0);
	Balances::set_balance(&derived, 100 * TOS);
	Balances::set_balance(&multisig(), 100 * TOS);
	let delegate = Alice.to_account_id().into();
	assert_ok!(Proxy::add_proxy(signed(Dave), delegate, ProxyType::Any, 0));
}
