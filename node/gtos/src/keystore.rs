//! Where the keystore of a node lies, for commands that read it.

use sc_cli::{KeystoreParams, SharedParams, SubstrateCli};
use sc_service::{config::KeystoreConfig, BasePath};

/// The keystore of the node that these options name.
pub fn config<C: SubstrateCli>(
	cli: &C,
	shared: &SharedParams,
	keystore: &KeystoreParams,
) -> sc_cli::Result<KeystoreConfig> {
	let base_path = shared
		.base_path()?
		.unwrap_or_else(|| BasePath::from_project("", "", &C::executable_name()));
	let spec = cli.load_spec(&shared.chain_id(shared.is_dev()))?;
	keystore.keystore_config(&base_path.config_dir(spec.id()))
}
