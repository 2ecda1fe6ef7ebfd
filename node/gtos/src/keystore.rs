//! Where the keystore of a node lies, for commands that read it.

use crate::base_path;
use gtos_node_types::user_error;
use sc_cli::{KeystoreParams, SharedParams, SubstrateCli};
use sc_service::{config::KeystoreConfig, BasePath};

/// The keystore of the node that these options name.
pub fn config<C: SubstrateCli>(
	cli: &C,
	shared: &SharedParams,
	keystore: &KeystoreParams,
) -> sc_cli::Result<KeystoreConfig> {
	base_path::ensure_known(shared).map_err(user_error)?;
	let base_path = shared
		.base_path()?
		.unwrap_or_else(|| BasePath::from_project("", "", &C::executable_name()));
	let spec = cli.load_spec(&shared.chain_id(shared.is_dev()))?;
	keystore.keystore_config(&base_path.config_dir(spec.id()))
}
