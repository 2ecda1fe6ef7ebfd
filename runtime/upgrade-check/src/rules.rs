//! The rules for code that may follow (UPG-R1), as far as they are about versions.
//!
//! The chain itself checks all of them when the upgrade is applied. e2e/report-upgrade.mjs compares the length with the
//! limit in the metadata of the running code, and calls it unsafe if a runtime API is removed or its version falls.

use sp_version::RuntimeVersion;

/// Each reason why a chain of version `old` should not get code of version `new`.
pub fn broken(old: &RuntimeVersion, new: &RuntimeVersion) -> Vec<String> {
	let mut broken = Vec::new();
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
	broken
}
