//! Sequences of calls and the resulting state: transfers (TXN-R26, TXN-R27), the life of accounts
//! (STA-R6, STA-R8) and the calls of the two storage pallets.

use crate::{
	chain,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::{DecodeLimit, Encode};
use frame_support::{traits::OnInitialize, MAX_EXTRINSIC_DEPTH};
use gtos_runtime::{
	AccountId, AllPalletsWithSystem, Balances, BlockNumber, RuntimeCall, RuntimeOrigin, System,
};
use serde::Deserialize;
use sp_runtime::traits::Dispatchable;

/// A state and the steps that change or check it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
	block: BlockNumber,
	accounts: Vec<AccountBalance>,
	state: Vec<Item>,
	steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBalance {
	account: Bytes,
	free: Decimal,
}

/// A storage key with its value; `None` if nothing must be stored under it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
	key: Bytes,
	value: Option<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum Step {
	Call(CallStep),
	Balances(Vec<AccountBalance>),
	Stored(Vec<Item>),
	Advance(Advance),
	Query(Query),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallStep {
	/// An account, `none` or `root`.
	origin: String,
	call: Bytes,
	error: Option<Bytes>,
	/// Events of the call's own pallet, in order.
	events: Option<Vec<Bytes>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
	to: BlockNumber,
	/// Whether the hooks that begin a block run.
	sweep: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
	/// Runtime API and function, joined by an underscore.
	function: String,
	arguments: Bytes,
	answer: Bytes,
}

impl Check for Scenario {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let balances = self
			.accounts
			.iter()
			.map(|account| (account.account.account(), account.free.0))
			.collect();
		chain::with_accounts(balances).execute_with(|| {
			for item in &self.state {
				let value = item.value.as_ref().expect("the state holds values");
				sp_io::storage::set(&item.key.0, &value.0);
			}
			System::set_block_number(self.block);
			for (index, step) in self.steps.iter().enumerate() {
				step.run(&format!("step {index}"));
			}
		});
	}
}

impl Step {
	fn run(&self, at: &str) {
		match self {
			Self::Call(call) => call.run(at),
			Self::Balances(accounts) => {
				for account in accounts {
					let who = account.account.account();
					assert_eq!(Balances::free_balance(&who), account.free.0, "{at}: {who}");
				}
			},
			Self::Stored(items) => {
				for item in items {
					let stored =
						sp_io::storage::get(&item.key.0).map(|value| Bytes(value.to_vec()));
					assert_eq!(stored, item.value, "{at}: {:?}", item.key);
				}
			},
			Self::Advance(advance) => {
				System::set_block_number(advance.to);
				if advance.sweep {
					<AllPalletsWithSystem as OnInitialize<BlockNumber>>::on_initialize(advance.to);
				}
			},
			Self::Query(query) => {
				let answer = gtos_runtime::apis::api::dispatch(&query.function, &query.arguments.0)
					.unwrap_or_else(|| panic!("{at}: the runtime has no {}", query.function));
				assert_eq!(Bytes(answer), query.answer, "{at}: {}", query.function);
			},
		}
	}
}

impl CallStep {
	fn run(&self, at: &str) {
		let call =
			RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &self.call.0[..])
				.unwrap_or_else(|error| panic!("{at}: {error}"));
		let origin = match self.origin.as_str() {
			"none" => RuntimeOrigin::none(),
			"root" => RuntimeOrigin::root(),
			account => {
				let account = sp_core::bytes::from_hex(account).expect("it is an account");
				RuntimeOrigin::signed(AccountId::try_from(&account[..]).expect("it has 32 bytes"))
			},
		};
		System::reset_events();
		let error = call.dispatch(origin).err().map(|failure| Bytes(failure.error.encode()));
		assert_eq!(error, self.error, "{at}");
		if let Some(expected) = &self.events {
			let pallet = self.call.0[0];
			let events: Vec<Bytes> = System::events()
				.into_iter()
				.map(|record| Bytes(record.event.encode()))
				.filter(|event| event.0[0] == pallet)
				.collect();
			assert_eq!(events, *expected, "{at}");
		}
	}
}
