//! The rules for code that may follow (UPG-R1), which the chain itself checks when the upgrade is applied.

use gtos_runtime::{configs::upgrades::REQUIRED_APIS, constants::block::MAX_RUNTIME_LENGTH_BYTES};
use sp_version::RuntimeVersion;

/// Each reason why the chain would refuse code of version `new` and this length.
pub fn broken(old: &RuntimeVersion, new: &RuntimeVersion, length: usize) -> Vec<String> {
	let mut broken = Vec::new();
	if length > MAX_RUNTIME_LENGTH_BYTES as usize {
		broken.push(format!(
			"the code has {length} bytes; at most {MAX_RUNTIME_LENGTH_BYTES} are allowed"
		));
	}
	if old.spec_name != new.spec_name {
		broken.push(format!("the code is that of {}, not of {}", new.spec_name, old.spec_name));
	}
	if new.spec_version <= old.spec_version {
		broken.push(format!(
			"spec_version {} does not exceed {}",
			new.spec_version, old.spec_version
		));
	}
	if new.transaction_version < old.transaction_version {
		broken.push("transaction_version falls".into());
	}
	if new.system_version != old.system_version {
		broken.push("system_version changes, and with it the layout of the state".into());
	}
	for (id, version) in REQUIRED_APIS {
		if new.api_version(&id).is_none_or(|found| found < version) {
			broken.push(format!("the runtime API {id:02x?} is missing in version {version}"));
		}
	}
	broken
}
