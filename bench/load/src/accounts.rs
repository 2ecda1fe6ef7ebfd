//! Accounts that sign.

use crate::error::Result;
use codec::Encode;
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use sp_crypto_hashing::blake2_256;

/// Secret of the well-known account `//Alice`, which has money on every development chain.
pub const ALICE: [u8; 32] = [
	0xe5, 0xbe, 0x9a, 0x50, 0x92, 0xb8, 0x1b, 0xca, 0x64, 0xbe, 0x81, 0xd2, 0x12, 0xe7, 0xf2, 0xf9,
	0xeb, 0xa1, 0x83, 0xbb, 0x7a, 0x90, 0x95, 0x4f, 0x7b, 0x76, 0x36, 0x1f, 0x6e, 0xdb, 0x5c, 0x0a,
];

/// Identifier of an account: its public key.
pub type AccountId = [u8; 32];

/// An sr25519 key.
#[derive(Clone)]
pub struct Account(Keypair);

impl Account {
	/// The account of this secret.
	pub fn from_secret(secret: &[u8; 32]) -> Result<Self> {
		let secret = MiniSecretKey::from_bytes(secret)
			.map_err(|error| format!("the secret of an account is not usable: {error}"))?;
		Ok(Self(secret.expand_to_keypair(ExpansionMode::Ed25519)))
	}

	/// Account number `number` of those that belong to `salt`. Anybody can compute its secret.
	pub fn of_load(salt: u64, number: u64) -> Result<Self> {
		Self::from_secret(&blake2_256(&("gtos-load", salt, number).encode()))
	}

	pub fn id(&self) -> AccountId {
		self.0.public.to_bytes()
	}

	/// Signs in the context that Substrate chains use.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.0.sign_simple(b"substrate", message).to_bytes()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The address of `//Alice`, in every list of development accounts.
	#[test]
	fn account_of_the_known_secret_is_alice() {
		let alice = Account::from_secret(&ALICE).expect("32 bytes are a secret");
		assert_eq!(
			hex::encode(alice.id()),
			"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
		);
	}

	#[test]
	fn accounts_differ_by_salt_and_number() {
		let ids: Vec<AccountId> = [(1, 1), (1, 2), (2, 1)]
			.map(|(salt, number)| Account::of_load(salt, number).expect("a hash is a secret").id())
			.into();
		assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
	}
}
