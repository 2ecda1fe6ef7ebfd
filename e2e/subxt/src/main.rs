//! Transfers some of Alice's balance, with code that subxt generated from the metadata of an earlier block.
//!
//! Usage: gtos-e2e-subxt URL RECIPIENT AMOUNT
//!        gtos-e2e-subxt URL
//!
//! Prints the hash of the finalised block with the transfer. Fails if the metadata of the node's last finalised block
//! does not have the hashes that the generated code carries. Without a recipient it follows the finalised blocks instead,
//! and prints height and spec version of each.

use std::{env, error::Error};
use subxt::{utils::AccountId32, OnlineClient, PolkadotConfig};
use subxt_signer::sr25519::dev;

/// Generated from the file that build.rs copies.
#[subxt::subxt(runtime_metadata_path = "$OUT_DIR/metadata.scale")]
mod gtos {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
	let arguments: Vec<String> = env::args().skip(1).collect();
	if let [url] = arguments.as_slice() {
		return follow(url).await;
	}
	let [url, recipient, amount] = arguments.as_slice() else {
		return Err("usage: gtos-e2e-subxt URL [RECIPIENT AMOUNT]".into());
	};
	let recipient: AccountId32 = recipient.parse()?;
	let amount: u128 = amount.parse()?;

	let client = OnlineClient::<PolkadotConfig>::from_insecure_url(url).await?;
	let block = client.at_current_block().await?;
	if !gtos::is_codegen_valid_for(block.metadata_ref()) {
		let number = block.block_number();
		return Err(
			format!("the generated code does not fit the metadata of block {number}").into()
		);
	}

	// Each of these compares the hash of its own part of the metadata, and names that part if it differs.
	// An account that does not exist reads as the default that the metadata carries.
	let accounts = block.storage().entry(gtos::storage().system().account())?;
	let before = accounts.fetch((recipient.clone(),)).await?.decode()?;
	if (before.nonce, before.providers) != (0, 0) {
		return Err(format!("the recipient exists already: {before:?}").into());
	}
	let transfer =
		gtos::transactions().balances().transfer_keep_alive(recipient.clone().into(), amount);
	let in_block = block
		.transactions()
		.sign_and_submit_then_watch_default(&transfer, &dev::alice())
		.await?
		.wait_for_finalized()
		.await?;
	in_block.wait_for_success().await?;

	let after = in_block.at().await?;
	let received = after.storage().fetch(gtos::storage().system().account(), (recipient,)).await?;
	let free = received.decode()?.data.free;
	if free != amount {
		return Err(format!("the recipient has {free} in place of {amount}").into());
	}
	println!("{:?}", in_block.block_hash());
	Ok(())
}

/// Prints height and spec version of every finalised block, until the subscription ends.
async fn follow(url: &str) -> Result<(), Box<dyn Error>> {
	let client = OnlineClient::<PolkadotConfig>::from_insecure_url(url).await?;
	let mut blocks = client.stream_blocks().await?;
	while let Some(block) = blocks.next().await {
		let block = block?;
		println!("{} {}", block.number(), block.at().await?.spec_version());
	}
	Err("the subscription has ended".into())
}
