//! What a proxy of each type cannot do, however it wraps its call (STA-R16).

use crate::{
	common::{chain, run_block},
	wrappings::{
		add_proxy, as_derivative, as_multisig, as_proxy_of, by_bob_for, filtered,
		give_alice_other_accounts, last_result_of_a_proxy, signed, transfer_to_ferdie, wrapped,
	},
};
use frame_support::{assert_noop, assert_ok};
use gtos_runtime::{
	configs::accounts::ProxyType, constants::currency::TOS, genesis_config_presets::LOCAL,
	Balances, Proxy, Runtime, RuntimeCall,
};
use pallet_staking::{Payee, RewardDestination};
use sp_keyring::Sr25519Keyring::{Alice, AliceStash, Bob, Dave, Ferdie};
use sp_runtime::traits::{BlakeTwo256, Hash as _};

/// All types but `Any`.
const RESTRICTED: [ProxyType; 5] = [
	ProxyType::NonTransfer,
	ProxyType::Governance,
	ProxyType::Staking,
	ProxyType::CancelProxy,
	ProxyType::Storage,
];

/// Every way in which a proxy of Alice may try to pay Ferdie.
fn ways_to_pay_ferdie() -> Vec<RuntimeCall> {
	let transfer = transfer_to_ferdie();
	let calls = [
		transfer.clone(),
		as_multisig(transfer.clone()),
		as_proxy_of(Dave.to_account_id(), transfer.clone()),
		as_proxy_of(Dave.to_account_id(), as_multisig(transfer)),
	];
	calls.iter().flat_map(wrapped).collect()
}

/// STA-R16: not even through a derived account, a multisig or a third account that trusts the real one.
#[test]
fn restricted_proxy_pays_nobody() {
	for kind in RESTRICTED {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			give_alice_other_accounts();
			add_proxy(Alice, kind, 0);
			let before = Balances::free_balance(Ferdie.to_account_id());
			for call in ways_to_pay_ferdie() {
				let _ = by_bob_for(Alice, call.clone());
				let after = Balances::free_balance(Ferdie.to_account_id());
				assert_eq!(after, before, "{kind:?}: {call:?}");
			}
		});
	}
}

/// The same calls pay if the proxy may do everything: what refuses them above is the filter.
#[test]
fn proxy_of_any_type_pays_in_each_of_those_ways() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		add_proxy(Alice, ProxyType::Any, 0);
		for call in [
			transfer_to_ferdie(),
			as_derivative(transfer_to_ferdie()),
			as_multisig(transfer_to_ferdie()),
			as_proxy_of(Dave.to_account_id(), transfer_to_ferdie()),
		] {
			let before = Balances::free_balance(Ferdie.to_account_id());
			assert_ok!(by_bob_for(Alice, call));
			assert_eq!(Balances::free_balance(Ferdie.to_account_id()), before + TOS);
		}
	});
}

/// STA-R16: an announcement for a third account would be executed by anybody later, without the filter.
#[test]
fn restricted_proxy_announces_nothing_for_a_third_account() {
	for kind in RESTRICTED {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			give_alice_other_accounts();
			add_proxy(Alice, kind, 0);
			let announce = RuntimeCall::Proxy(pallet_proxy::Call::announce {
				real: Dave.to_account_id().into(),
				call_hash: BlakeTwo256::hash_of(&transfer_to_ferdie()),
			});
			for call in wrapped(&announce) {
				let _ = by_bob_for(Alice, call);
			}
			assert_noop!(
				Proxy::proxy_announced(
					signed(Ferdie),
					Alice.to_account_id().into(),
					Dave.to_account_id().into(),
					None,
					Box::new(transfer_to_ferdie()),
				),
				pallet_proxy::Error::<Runtime>::Unannounced
			);
		});
	}
}

/// STA-R16: what was announced passes the filter of the proxy's type when it is executed.
#[test]
fn announced_call_is_filtered_as_well() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		add_proxy(Alice, ProxyType::NonTransfer, 2);
		let announced = RuntimeCall::Utility(pallet_utility::Call::batch_all {
			calls: vec![transfer_to_ferdie()],
		});
		let alice = Alice.to_account_id();
		let hash = BlakeTwo256::hash_of(&announced);
		assert_ok!(Proxy::announce(signed(Bob), alice.clone().into(), hash));
		run_block(0, vec![]);
		run_block(0, vec![]);
		let before = Balances::free_balance(Ferdie.to_account_id());
		let bob = Bob.to_account_id();
		assert_ok!(Proxy::proxy_announced(
			signed(Ferdie),
			bob.into(),
			alice.into(),
			None,
			Box::new(announced),
		));
		assert_eq!(last_result_of_a_proxy(), Err(filtered()));
		assert_eq!(Balances::free_balance(Ferdie.to_account_id()), before);
	});
}

/// STA-R16: no type that excludes transfers lets the proxy or anybody else have the rewards.
#[test]
fn restricted_proxy_does_not_redirect_rewards() {
	for kind in RESTRICTED {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			add_proxy(AliceStash, kind, 0);
			let stash = AliceStash.to_account_id();
			let before = Payee::<Runtime>::get(&stash);
			for payee in [RewardDestination::Account(Bob.to_account_id()), RewardDestination::None]
			{
				let set_payee =
					RuntimeCall::Staking(pallet_staking::Call::set_payee { payee: payee.clone() });
				let bond = RuntimeCall::Staking(pallet_staking::Call::bond { value: TOS, payee });
				for call in [set_payee, bond] {
					assert_eq!(by_bob_for(AliceStash, call.clone()), Err(filtered()), "{kind:?}");
					for call in wrapped(&call) {
						let _ = by_bob_for(AliceStash, call);
					}
				}
			}
			assert_eq!(Payee::<Runtime>::get(&stash), before, "{kind:?}");
			let derived = pallet_utility::derivative_account_id(stash, 0);
			assert_eq!(Payee::<Runtime>::get(derived), None, "{kind:?}");
		});
	}
}

/// STA-R16: the stash's own account stays a choice.
#[test]
fn staking_proxy_chooses_whether_rewards_are_staked() {
	for kind in [ProxyType::NonTransfer, ProxyType::Staking] {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			add_proxy(AliceStash, kind, 0);
			for payee in [RewardDestination::Stash, RewardDestination::Staked] {
				let set_payee = pallet_staking::Call::set_payee { payee: payee.clone() };
				assert_ok!(by_bob_for(AliceStash, RuntimeCall::Staking(set_payee)));
				assert_eq!(Payee::<Runtime>::get(AliceStash.to_account_id()), Some(payee));
			}
		});
	}
}

/// STA-R16: a proxy gives nobody more than it has.
#[test]
fn restricted_proxy_adds_no_stronger_proxy() {
	for kind in RESTRICTED {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			add_proxy(Alice, kind, 0);
			let any = RuntimeCall::Proxy(pallet_proxy::Call::add_proxy {
				delegate: Ferdie.to_account_id().into(),
				proxy_type: ProxyType::Any,
				delay: 0,
			});
			for call in wrapped(&any) {
				let _ = by_bob_for(Alice, call);
			}
			let (proxies, _) = Proxy::proxies(Alice.to_account_id());
			assert_eq!(proxies.len(), 1, "{kind:?}");
		});
	}
}
