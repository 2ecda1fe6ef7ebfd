//! JSON-RPC methods that the SDK's example adds to those of every node.

use crate::open::{FullClient, TransactionPool};
use gtos_baseline_runtime::{AccountId, Balance, Hash, Nonce, OpaqueBlock as Block};
use jsonrpsee::RpcModule;
use pallet_transaction_payment::RuntimeDispatchInfo;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};

/// Builds the module with the account methods of `system` and with `payment`.
pub fn create(
	client: Arc<FullClient>,
	pool: Arc<TransactionPool>,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	let mut module = RpcModule::new(());
	let system = System::<_, _, Block>::new(client.clone(), pool);
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(system))?;
	let payment = TransactionPayment::<_, Block>::new(client);
	module.merge(TransactionPaymentApiServer::<Hash, RuntimeDispatchInfo<Balance>>::into_rpc(
		payment,
	))?;
	Ok(module)
}
