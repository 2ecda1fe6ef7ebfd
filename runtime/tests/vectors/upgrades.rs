//! Code that may follow this runtime (specs/upgrades.md).

use crate::{
	chain,
	vector_file::{Bytes, Check, Nothing},
};
use gtos_runtime::{System, Upgrades};
use serde::Deserialize;
use sp_core::traits::{ReadRuntimeVersion, ReadRuntimeVersionExt};
use sp_externalities::Externalities;
use sp_runtime::DigestItem;

/// Code by its length and the version in it (UPG-R1), maybe after another upgrade in the block (UPG-R2).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuntimeCode {
	length: u32,
	version: Option<Bytes>,
	is_replaced: bool,
	error: Option<String>,
}

/// Answers this version for any code.
struct Embedded(Option<Vec<u8>>);

impl ReadRuntimeVersion for Embedded {
	fn read_runtime_version(&self, _: &[u8], _: &mut dyn Externalities) -> Result<Vec<u8>, String> {
		self.0.clone().ok_or_else(|| "the code has no version".into())
	}
}

impl Check for RuntimeCode {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let mut state = chain::with_accounts(vec![]);
		let version = self.version.map(|version| version.0);
		state.register_extension(ReadRuntimeVersionExt::new(Embedded(version)));
		state.execute_with(|| {
			if self.is_replaced {
				System::deposit_log(DigestItem::RuntimeEnvironmentUpdated);
			}
			let code = vec![0; self.length as usize];
			let error = Upgrades::ensure_can_follow(&code).err().map(<&'static str>::from);
			assert_eq!(error, self.error.as_deref());
		});
	}
}
