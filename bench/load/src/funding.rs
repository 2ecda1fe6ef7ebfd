//! The accounts that send: new ones, with money of the funder.

use crate::{
	accounts::{Account, AccountId},
	chain::{self, Chain},
	client::Client,
	error::Result,
	exchange::{Exchange, Outcome},
	load::Load,
	submission::Transaction,
	workload::Calls,
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// All senders together get this part of what the funder has: enough for one measurement, and for many more.
const PARTS: u128 = 8;
const IN_FLIGHT: usize = 64;
const SUBMISSION_TIME: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);

/// An account that can send.
pub struct Sender {
	pub account: Account,
	pub id: AccountId,
	/// Of its next transaction.
	pub nonce: u32,
}

/// Creates the accounts of `salt` and waits until their money is final.
pub async fn fund(
	client: &Arc<Client>,
	chain: &Chain,
	load: &Load,
	salt: u64,
) -> Result<Vec<Sender>> {
	let accounts: Vec<Account> = (0..load.senders as u64)
		.map(|number| Account::of_load(salt, number))
		.collect::<Result<_>>()?;
	let transactions = transfers(client, chain, load, &accounts).await?;
	let exchange = Exchange {
		clients: vec![client.clone()],
		transactions: Arc::new(transactions),
		rate: None,
		in_flight: IN_FLIGHT,
		max_pending: None,
		submission_time: SUBMISSION_TIME,
		patience: PATIENCE,
	};
	let Outcome { sent, finals } = exchange.run(client, chain, Instant::now()).await?;
	if let Some(reason) = sent.into_iter().find_map(|sent| sent.refused) {
		return Err(format!("the node has refused to fund the senders: {reason}").into());
	}
	if finals.iter().any(|seen| seen.is_none_or(|seen| seen.has_failed)) {
		return Err(
			"not all transfers that fund the senders became final, or some have failed: see \
			the node's log, and whether the funder has enough money"
				.into(),
		);
	}
	let mut senders = Vec::new();
	for account in accounts {
		let id = account.id();
		senders.push(Sender { nonce: chain::nonce(client, &id).await?, account, id });
	}
	Ok(senders)
}

/// The transfers of the funder.
async fn transfers(
	client: &Client,
	chain: &Chain,
	load: &Load,
	accounts: &[Account],
) -> Result<Vec<Transaction>> {
	let funder = Account::from_secret(&load.funder.0)?;
	let balance = chain::free_balance(client, &funder.id()).await?;
	let amount = balance / PARTS / load.senders as u128;
	if amount == 0 {
		return Err("the funder has no money: name an account that has with --funder".into());
	}
	let first = chain::nonce(client, &funder.id()).await?;
	accounts
		.iter()
		.zip(first..)
		.map(|(account, nonce)| -> Result<Transaction> {
			let call = Calls::funding(&chain.metadata, &account.id(), amount)?;
			Ok(Transaction::new(chain.format.sign(&funder, nonce, &call)))
		})
		.collect()
}
