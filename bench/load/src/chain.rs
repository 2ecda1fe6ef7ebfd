//! What the program reads from a chain.

use crate::{
	accounts::AccountId,
	client::{from_hex, to_hex, Client, NONE},
	error::Result,
	format::{Format, Terms},
	metadata::Metadata,
};
use codec::Decode;
use serde::Deserialize;
use sp_crypto_hashing::{blake2_128, twox_128};

/// Bytes before the free balance in the record of an account: its nonce and three reference counts.
const BALANCE_OFFSET: usize = 16;

/// The parts of a chain that do not change while it runs.
pub struct Chain {
	pub metadata: Metadata,
	pub format: Format,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeVersion {
	spec_version: u32,
	transaction_version: u32,
}

/// A header, as JSON-RPC answers it.
#[derive(Deserialize)]
pub struct Header {
	number: String,
}

impl Header {
	/// Height of the block.
	pub fn height(&self) -> Result<u64> {
		let digits = self.number.trim_start_matches("0x");
		Ok(u64::from_str_radix(digits, 16)
			.map_err(|_| format!("the node has answered the height {}", self.number))?)
	}
}

/// A block, as JSON-RPC answers it.
#[derive(Deserialize)]
struct SignedBlock {
	block: Block,
}

#[derive(Deserialize)]
struct Block {
	extrinsics: Vec<String>,
}

impl Chain {
	/// Reads the metadata, the versions and the genesis hash.
	pub async fn read(client: &Client) -> Result<Self> {
		let metadata: String = client.request("state_getMetadata", NONE).await?;
		let metadata = Metadata::decode(&from_hex(&metadata)?)?;
		let version: RuntimeVersion = client.request("state_getRuntimeVersion", NONE).await?;
		let genesis = from_hex(&block_hash(client, 0).await?)?;
		let terms = Terms {
			spec_version: version.spec_version,
			transaction_version: version.transaction_version,
			genesis: genesis.try_into().map_err(|_| "the genesis hash has not 32 bytes")?,
		};
		Ok(Self { format: Format::new(&metadata, &terms)?, metadata })
	}
}

/// Height of the last final block.
pub async fn final_height(client: &Client) -> Result<u64> {
	let hash: String = client.request("chain_getFinalizedHead", NONE).await?;
	let header: Header = client.request("chain_getHeader", [hash]).await?;
	header.height()
}

/// Hash of the block at this height.
pub async fn block_hash(client: &Client, height: u64) -> Result<String> {
	let hash: Option<String> = client.request("chain_getBlockHash", [height]).await?;
	Ok(hash.ok_or_else(|| format!("the node has no block at height {height}"))?)
}

/// Encoded transactions of a block.
pub async fn transactions(client: &Client, hash: &str) -> Result<Vec<Vec<u8>>> {
	let block: Option<SignedBlock> = client.request("chain_getBlock", [hash]).await?;
	let block = block.ok_or_else(|| format!("the node has no body of block {hash}"))?;
	block.block.extrinsics.iter().map(|extrinsic| from_hex(extrinsic)).collect()
}

/// Encoded events of a block.
pub async fn events(client: &Client, hash: &str) -> Result<Vec<u8>> {
	let key = [twox_128(b"System"), twox_128(b"Events")].concat();
	let events: Option<String> =
		client.request("state_getStorage", (to_hex(key), hash)).await.map_err(|error| {
			format!(
				"the events of block {hash} cannot be read ({error}). If its state is pruned, start \
				the node with a larger --state-pruning"
			)
		})?;
	events.as_deref().map_or(Ok(Vec::new()), from_hex)
}

/// Nonce of an account in the best block.
pub async fn nonce(client: &Client, account: &AccountId) -> Result<u32> {
	let parameters = ("AccountNonceApi_account_nonce", to_hex(account));
	let nonce: String = client.request("state_call", parameters).await?;
	Ok(u32::decode(&mut &from_hex(&nonce)?[..])?)
}

/// Free balance of an account in the best block.
pub async fn free_balance(client: &Client, account: &AccountId) -> Result<u128> {
	let prefix = [twox_128(b"System"), twox_128(b"Account")].concat();
	let key = [&prefix[..], &blake2_128(account), account].concat();
	let record: Option<String> = client.request("state_getStorage", [to_hex(key)]).await?;
	let Some(record) = record else { return Ok(0) };
	let record = from_hex(&record)?;
	let balance = record.get(BALANCE_OFFSET..).ok_or("the record of an account is too short")?;
	Ok(u128::decode(&mut &balance[..])?)
}
