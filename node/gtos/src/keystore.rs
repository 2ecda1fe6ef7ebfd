//! Where the keystore of a node lies, for commands that read it.

use crate::base_path;
use gtos_node_types::user_error;
use sc_cli::{KeystoreParams, SharedParams, SubstrateCli};
use sc_service::{config::KeystoreConfig, BasePath};
use std::path::PathBuf;

/// Folder of the keystore in that of the chain, as the SDK names it.
const FOLDER: &str = "keystore";

/// The keystore of the node that these options name.
pub fn config<C: SubstrateCli>(
	cli: &C,
	shared: &SharedParams,
	keystore: &KeystoreParams,
) -> sc_cli::Result<KeystoreConfig> {
	keystore.keystore_config(&config_folder(cli, shared)?)
}

/// The folder of the keystore. Unlike [`config`], this does not ask for the password.
pub fn folder<C: SubstrateCli>(
	cli: &C,
	shared: &SharedParams,
	keystore: &KeystoreParams,
) -> sc_cli::Result<PathBuf> {
	match &keystore.keystore_path {
		Some(path) => Ok(path.clone()),
		None => Ok(config_folder(cli, shared)?.join(FOLDER)),
	}
}

fn config_folder<C: SubstrateCli>(cli: &C, shared: &SharedParams) -> sc_cli::Result<PathBuf> {
	base_path::ensure_known(shared).map_err(user_error)?;
	let base_path = shared
		.base_path()?
		.unwrap_or_else(|| BasePath::from_project("", "", &C::executable_name()));
	let spec = cli.load_spec(&shared.chain_id(shared.is_dev()))?;
	Ok(base_path.config_dir(spec.id()))
}
