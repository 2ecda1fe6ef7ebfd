//! A development chain with many funded accounts, and a transfer of each.

use crate::{client, Result};
use codec::Encode;
use frame_system_rpc_runtime_api::AccountNonceApi;
use gtos_node_types::{Block, FullBackend, FullClient};
use gtos_runtime::{
	constants::currency::TOS, AccountId, Balance, Hash, Nonce, RuntimeCall, Signature,
	SignedPayload, TxExtension, UncheckedExtrinsic, VERSION,
};
use sc_block_builder::BlockBuilder;
use sc_client_api::{Backend, TrieCacheContext};
use sc_consensus_aura::SlotDuration;
use sp_api::{ApiExt, Core, ProvideRuntimeApi};
use sp_blockchain::{ApplyExtrinsicFailed, HeaderBackend};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{crypto::Pair as _, sr25519::Pair, traits::CallContext};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{
	generic::Era,
	traits::{Block as _, Header as _},
	OpaqueExtrinsic,
};
use std::{path::Path, sync::Arc};

/// As many as the default of the node.
const STATES_KEPT: u32 = 256;
const SPEC: &str = "dev";
/// What each account gets, for fees and the existential deposit.
const ENDOWMENT: Balance = TOS;
/// What each account sends.
const AMOUNT: Balance = TOS / 100;

/// A client over a database, and transfers that are valid on its best block.
pub struct Chain {
	pub client: Arc<FullClient>,
	pub slot_duration: SlotDuration,
	pub transfers: Vec<OpaqueExtrinsic>,
	backend: Arc<FullBackend>,
}

impl Chain {
	/// Creates the chain in an empty folder, and funds `count` accounts.
	pub fn new(folder: &Path, count: usize) -> Result<Self> {
		let backend = client::open_database(folder, STATES_KEPT)?;
		let client = Arc::new(client::open(backend.clone(), SPEC)?);
		let slot_duration = sc_consensus_aura::slot_duration::<AuraId, Block, FullClient>(&client)?;
		let mut chain = Self { client, slot_duration, transfers: Vec::new(), backend };
		let signers: Vec<Pair> = (0..count as u64)
			.map(|number| Pair::from_seed(&blake2_256(&number.to_le_bytes())))
			.collect();
		chain.fund(&signers)?;
		chain.transfers = chain.transfers_of(&signers)?;
		Ok(chain)
	}

	/// Appends blocks with transfers from Alice, until all accounts have money.
	fn fund(&self, accounts: &[Pair]) -> Result<()> {
		let alice = Pair::from_string("//Alice", None).map_err(|error| format!("{error:?}"))?;
		let first = self.nonce(&alice)?;
		let transfers: Vec<OpaqueExtrinsic> = accounts
			.iter()
			.zip(first..)
			.map(|(account, nonce)| self.transfer(&alice, nonce, account, ENDOWMENT))
			.collect();
		let mut rest = &transfers[..];
		while !rest.is_empty() {
			let mut builder = client::new_block(&self.client, self.slot_duration)?;
			let taken = push(&mut builder, rest)?;
			let (block, changes) = builder.build()?.into_inner();
			client::commit(&self.client, block, changes)?;
			rest = &rest[taken..];
		}
		Ok(())
	}

	/// A transfer of each account to the next one.
	fn transfers_of(&self, signers: &[Pair]) -> Result<Vec<OpaqueExtrinsic>> {
		let recipients = signers.iter().cycle().skip(1);
		signers
			.iter()
			.zip(recipients)
			.map(|(signer, recipient)| -> Result<OpaqueExtrinsic> {
				Ok(self.transfer(signer, self.nonce(signer)?, recipient, AMOUNT))
			})
			.collect()
	}

	fn nonce(&self, account: &Pair) -> Result<Nonce> {
		let best = self.client.info().best_hash;
		let account: AccountId = account.public().into();
		Ok(self.client.runtime_api().account_nonce(best, account)?)
	}

	fn transfer(
		&self,
		signer: &Pair,
		nonce: Nonce,
		recipient: &Pair,
		amount: Balance,
	) -> OpaqueExtrinsic {
		let recipient: AccountId = recipient.public().into();
		let call = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
			dest: recipient.into(),
			value: amount,
		});
		sign(signer, nonce, call, self.client.info().genesis_hash)
	}

	/// Number of inherents in a block.
	pub fn inherents(&self) -> Result<usize> {
		let builder = client::new_block(&self.client, self.slot_duration)?;
		Ok(builder.build()?.block.extrinsics().len())
	}

	/// Builds a block with as many of the transfers as it holds.
	pub fn build(&self, transfers: &[OpaqueExtrinsic]) -> Result<Block> {
		let mut builder = client::new_block(&self.client, self.slot_duration)?;
		push(&mut builder, transfers)?;
		Ok(builder.build()?.block)
	}

	/// Executes a block on the best one and computes its state root, as the node's import does.
	pub fn execute(&self, block: Block) -> Result<()> {
		let (parent, state_root) = (*block.header().parent_hash(), *block.header().state_root());
		let context = CallContext::Onchain { import: true };
		let mut api = self.client.runtime_api();
		api.set_call_context(context);
		api.execute_block(parent, block.into())?;
		let state = self.backend.state_at(parent, TrieCacheContext::from(context))?;
		let changes = api.into_storage_changes(&state, parent)?;
		if changes.transaction_storage_root != state_root {
			return Err("author and importer have different states".into());
		}
		Ok(())
	}
}

/// Pushes transfers until the block is full. Returns how many it took.
fn push(
	builder: &mut BlockBuilder<'_, Block, FullClient>,
	transfers: &[OpaqueExtrinsic],
) -> Result<usize> {
	for (taken, transfer) in transfers.iter().enumerate() {
		match builder.push(transfer.clone()) {
			Ok(()) => {},
			Err(sp_blockchain::Error::ApplyExtrinsicFailed(ApplyExtrinsicFailed::Validity(
				error,
			))) if error.exhausted_resources() => return Ok(taken),
			Err(error) => return Err(error.into()),
		}
	}
	Ok(transfers.len())
}

/// A signed transaction, immortal and without a tip.
fn sign(signer: &Pair, nonce: Nonce, call: RuntimeCall, genesis: Hash) -> OpaqueExtrinsic {
	let extension: TxExtension = (
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		gtos_runtime::check_weight::CheckWeight::default(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		gtos_runtime::weight_reclaim::WeightReclaim::default(),
	);
	let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
	let implicit = ((), spec, transaction, genesis, genesis, (), (), (), None, ());
	let payload = SignedPayload::from_raw(call, extension, implicit);
	let signature = payload.using_encoded(|bytes| signer.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	let account: AccountId = signer.public().into();
	UncheckedExtrinsic::new_signed(call, account.into(), Signature::Sr25519(signature), extension)
		.into()
}
