//! Whether the pool and a block accept an extrinsic, and the reason if they refuse it.
//!
//! The checks come in the order of TXN-R17. The cases are about the sender's address (TXN-R4) and account
//! (TXN-R18, TXN-R20), the form of the extrinsic (TXN-R5, TXN-R6), what it is signed for (TXN-R10), its
//! era (TXN-R14) and nonce (TXN-R15, TXN-R16), its fee (TXN-R19, ECO-R2), its class (TXN-R21) and its length
//! (TXN-R22, TXN-R28).

use crate::{
	chain,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::Encode;
use gtos_runtime::{Executive, Nonce, Runtime, RuntimeEvent, System};
use pallet_transaction_payment::Event::TransactionFeePaid;
use serde::Deserialize;
use sp_core::H256;
use sp_io::TestExternalities;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidityError};

/// An extrinsic, the state in which it is checked, and the results in the pool and in a block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
	context: Context,
	/// Extrinsics that the block executes before the one that is tested.
	#[serde(default)]
	before: Vec<Bytes>,
	extrinsic: Bytes,
	pool: InPool,
	block: Option<InBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
	/// Number of the block that would execute the extrinsic.
	block: u32,
	hashes: Vec<BlockHash>,
	accounts: Vec<Account>,
	/// Raw storage.
	#[serde(default)]
	state: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
	key: Bytes,
	value: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockHash {
	block: u32,
	hash: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
	account: Bytes,
	free: Decimal,
	nonce: Nonce,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum InPool {
	Undecodable,
	Refused(Refusal),
	Valid(Tags),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum InBlock {
	Undecodable,
	Refused(Refusal),
	Applied(Outcome),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Refusal {
	error: String,
	encoded: Bytes,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Tags {
	requires: Vec<Bytes>,
	provides: Vec<Bytes>,
	longevity: Decimal,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Outcome {
	/// Dispatch error of the call.
	error: Option<Bytes>,
	/// Nonce of the first account afterwards.
	nonce: Nonce,
	/// Whether somebody has paid more than the tip.
	pays_fee: bool,
}

impl From<TransactionValidityError> for Refusal {
	fn from(error: TransactionValidityError) -> Self {
		Self { error: format!("{error:?}"), encoded: Bytes(error.encode()) }
	}
}

impl Context {
	/// The state after the parent of the block.
	fn state(&self) -> TestExternalities {
		let balances = self.accounts.iter().map(|a| (a.account.account(), a.free.0)).collect();
		let mut state = chain::with_accounts(balances);
		state.execute_with(|| {
			for account in &self.accounts {
				frame_system::Account::<Runtime>::mutate(account.account.account(), |record| {
					record.nonce = account.nonce
				});
			}
			for known in &self.hashes {
				frame_system::BlockHash::<Runtime>::insert(known.block, known.hash.hash());
			}
			for item in &self.state {
				sp_io::storage::set(&item.key.0, &item.value.0);
			}
			System::set_block_number(self.block - 1);
		});
		state
	}

	fn parent_hash(&self) -> H256 {
		let parent = self.hashes.iter().find(|known| known.block == self.block - 1);
		parent.expect("the parent's hash is given").hash.hash()
	}
}

impl Validity {
	fn ask_pool(&self) -> InPool {
		let Ok(extrinsic) = chain::decode(&self.extrinsic.0) else { return InPool::Undecodable };
		assert_eq!(extrinsic.encode(), self.extrinsic.0);
		let source = TransactionSource::External;
		let parent = self.context.parent_hash();
		self.context.state().execute_with(|| {
			match Executive::validate_transaction(source, extrinsic, parent) {
				Err(error) => InPool::Refused(error.into()),
				Ok(valid) => InPool::Valid(Tags {
					requires: valid.requires.into_iter().map(Bytes).collect(),
					provides: valid.provides.into_iter().map(Bytes).collect(),
					longevity: Decimal(valid.longevity.into()),
				}),
			}
		})
	}

	fn ask_block(&self) -> InBlock {
		let Ok(extrinsic) = chain::decode(&self.extrinsic.0) else { return InBlock::Undecodable };
		self.context.state().execute_with(|| {
			System::initialize(
				&self.context.block,
				&self.context.parent_hash(),
				&Default::default(),
			);
			System::note_finished_initialize();
			for earlier in &self.before {
				let earlier = chain::decode(&earlier.0).expect("it is an extrinsic");
				Executive::apply_extrinsic(earlier).expect("it is valid").expect("it succeeds");
			}
			System::reset_events();
			match Executive::apply_extrinsic(extrinsic) {
				Err(error) => InBlock::Refused(error.into()),
				Ok(outcome) => InBlock::Applied(Outcome {
					error: outcome.err().map(|error| Bytes(error.encode())),
					nonce: self.first_nonce(),
					pays_fee: is_fee_paid(),
				}),
			}
		})
	}

	fn first_nonce(&self) -> Nonce {
		let first = self.context.accounts.first().expect("somebody sends the extrinsic");
		System::account_nonce(first.account.account())
	}
}

/// Whether the events name a fee that is more than a tip.
fn is_fee_paid() -> bool {
	System::events().into_iter().any(|record| match record.event {
		RuntimeEvent::TransactionPayment(TransactionFeePaid { actual_fee, tip, .. }) => {
			actual_fee > tip
		},
		_ => false,
	})
}

impl Check for Validity {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(self.ask_pool(), self.pool, "in the pool");
		if let Some(block) = &self.block {
			assert_eq!(self.ask_block(), *block, "in a block");
		}
	}
}
