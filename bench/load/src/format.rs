//! The bytes of a signed transaction, as the chain's metadata describes them.

use crate::{accounts::Account, error::Result, metadata::Metadata};
use codec::{Compact, Encode};
use sp_crypto_hashing::blake2_256;

/// Version 4, signed.
const VERSION: u8 = 0x84;
/// Variant `Id` of an address.
const ADDRESS_ID: u8 = 0;
/// Variant `Sr25519` of a signature.
const SIGNATURE_SR25519: u8 = 1;
/// A longer payload is hashed before it is signed.
const MAX_PAYLOAD_BYTES: usize = 256;

/// What the chain requires of all transactions at this time.
pub struct Terms {
	pub spec_version: u32,
	pub transaction_version: u32,
	pub genesis: [u8; 32],
}

/// What an extension adds to a transaction.
#[derive(Clone, Copy)]
enum Explicit {
	/// The life of the transaction: without end.
	Era,
	Nonce,
	/// No tip.
	Tip,
	/// The signature covers no hash of the metadata.
	MetadataHashMode,
}

/// The form of a transaction.
pub struct Format {
	explicit: Vec<Explicit>,
	/// What only the signed payload has.
	implicit: Vec<u8>,
}

impl Format {
	/// Fails if the chain has an extension with bytes that are not known here.
	pub fn new(metadata: &Metadata, terms: &Terms) -> Result<Self> {
		let (mut explicit, mut implicit) = (Vec::new(), Vec::new());
		for extension in metadata.extensions() {
			match extension.name {
				"CheckSpecVersion" => implicit.extend(terms.spec_version.encode()),
				"CheckTxVersion" => implicit.extend(terms.transaction_version.encode()),
				"CheckGenesis" => implicit.extend(terms.genesis),
				"CheckMortality" => {
					explicit.push(Explicit::Era);
					implicit.extend(terms.genesis);
				},
				"CheckNonce" => explicit.push(Explicit::Nonce),
				"ChargeTransactionPayment" => explicit.push(Explicit::Tip),
				"CheckMetadataHash" => {
					explicit.push(Explicit::MetadataHashMode);
					implicit.extend(None::<[u8; 32]>.encode());
				},
				_ if extension.is_empty => {},
				other => {
					return Err(format!(
						"the chain has the transaction extension {other}, whose bytes are not \
						known here: add them to Format::new"
					)
					.into())
				},
			}
		}
		Ok(Self { explicit, implicit })
	}

	/// A transaction with this call, encoded and signed.
	pub fn sign(&self, signer: &Account, nonce: u32, call: &[u8]) -> Vec<u8> {
		let explicit: Vec<u8> = self
			.explicit
			.iter()
			.flat_map(|field| match field {
				Explicit::Era | Explicit::MetadataHashMode => vec![0],
				Explicit::Nonce => Compact(nonce).encode(),
				Explicit::Tip => Compact(0_u128).encode(),
			})
			.collect();
		let payload = [call, &explicit, &self.implicit].concat();
		let signature = if payload.len() > MAX_PAYLOAD_BYTES {
			signer.sign(&blake2_256(&payload))
		} else {
			signer.sign(&payload)
		};
		let body = [
			&[VERSION, ADDRESS_ID][..],
			&signer.id(),
			&[SIGNATURE_SR25519],
			&signature,
			&explicit,
			call,
		]
		.concat();
		// A vector of bytes begins with its length, as a transaction does.
		body.encode()
	}
}
