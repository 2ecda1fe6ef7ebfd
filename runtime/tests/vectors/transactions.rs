//! Calls, signed extrinsics, eras and errors (specs/transactions.md).

use crate::{
	chain, metadata,
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use codec::{Compact, Decode, DecodeAll, DecodeLimit, Encode};
use frame_support::{traits::GetCallMetadata, MAX_EXTRINSIC_DEPTH};
use gtos_runtime::{Address, Balance, Moment, Runtime, RuntimeCall, SignedPayload, System};
use serde::Deserialize;
use serde_json::Value;
use sp_core::{ecdsa, ed25519, sr25519, Pair};
use sp_runtime::{
	generic::{Era, Preamble},
	traits::{IdentifyAccount, TransactionExtension, Verify},
	transaction_validity::TransactionValidityError,
	DispatchError, ModuleError, MultiSignature, MultiSigner,
};

/// The encoding of a call, such as a transfer (TXN-R25), or bytes that are not a call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
	encoded: Bytes,
	pallet: Option<String>,
	call: Option<String>,
	arguments: Option<Vec<Argument>>,
	#[serde(default)]
	refused: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
	#[serde(rename = "name")]
	_name: String,
	#[serde(rename = "type")]
	kind: String,
	value: Value,
}

impl Argument {
	fn encode(&self) -> Vec<u8> {
		let bytes =
			|| serde_json::from_value::<Bytes>(self.value.clone()).expect("the argument is bytes");
		let decimal = || {
			serde_json::from_value::<Decimal>(self.value.clone()).expect("the argument is a number")
		};
		match self.kind.as_str() {
			"account" => Address::Id(bytes().account()).encode(),
			"boolean" => self.value.as_bool().expect("the argument is a boolean").encode(),
			"bytes" => bytes().0.encode(),
			"compactBalance" => Compact::<Balance>(decimal().0).encode(),
			"compactMoment" => Compact::<Moment>(decimal().u64()).encode(),
			"condition" => self.condition(),
			"h256" => bytes().hash().encode(),
			"u32" => {
				let number = self.value.as_u64().expect("the argument is a number");
				u32::try_from(number).expect("it fits 32 bits").encode()
			},
			kind => panic!("unknown type {kind}"),
		}
	}

	fn condition(&self) -> Vec<u8> {
		#[derive(Deserialize, Encode)]
		#[serde(deny_unknown_fields, rename_all = "camelCase")]
		enum Condition {
			Absent,
			Revision(Revision),
		}
		#[derive(Deserialize)]
		#[serde(transparent)]
		struct Revision(Decimal);
		impl Encode for Revision {
			fn encode(&self) -> Vec<u8> {
				self.0.u64().encode()
			}
		}
		serde_json::from_value::<Condition>(self.value.clone())
			.expect("the argument is a condition")
			.encode()
	}
}

impl Check for Call {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let decoded =
			RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &self.encoded.0[..]);
		if self.refused {
			assert!(decoded.is_err(), "decodes as {decoded:?}");
			return;
		}
		let call = decoded.expect("it is a call");
		assert_eq!(call.encode(), self.encoded.0);
		let names = call.get_call_metadata();
		assert_eq!(Some(names.pallet_name), self.pallet.as_deref());
		assert_eq!(Some(names.function_name), self.call.as_deref());
		let arguments: Vec<u8> =
			self.arguments.iter().flatten().flat_map(Argument::encode).collect();
		assert_eq!(self.encoded.0[2..], arguments);
	}
}

/// Chain and runtime versions for which all extrinsics of a file are signed (TXN-R10).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignedFor {
	genesis_hash: Bytes,
	spec_version: u32,
	transaction_version: u32,
}

/// A signed extrinsic (TXN-R3), all its parts and its hash (HAS-R2).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Extrinsic {
	scheme: String,
	seed: Bytes,
	public_key: Bytes,
	account: Bytes,
	block: u32,
	birth_block: u32,
	birth_hash: Bytes,
	call: Bytes,
	era: Bytes,
	nonce: u32,
	tip: Decimal,
	metadata_hash: Option<Bytes>,
	explicit: Bytes,
	implicit: Bytes,
	payload: Bytes,
	message: Bytes,
	signature: Bytes,
	is_deterministic: bool,
	extrinsic: Bytes,
	hash: Bytes,
}

/// Public key of a seed, and its signature over a message, in the encoding of HAS-R11.
///
/// The schemes are ed25519 (HAS-R12), sr25519 (HAS-R13), ecdsa (HAS-R14) and eth (HAS-R15).
pub fn sign(scheme: &str, seed: &[u8], message: &[u8]) -> (MultiSigner, MultiSignature) {
	match scheme {
		"ed25519" => {
			let pair = ed25519::Pair::from_seed_slice(seed).expect("it is a seed");
			(pair.public().into(), pair.sign(message).into())
		},
		"sr25519" => {
			let pair = sr25519::Pair::from_seed_slice(seed).expect("it is a seed");
			(pair.public().into(), pair.sign(message).into())
		},
		"ecdsa" => {
			let pair = ecdsa::Pair::from_seed_slice(seed).expect("it is a seed");
			(pair.public().into(), pair.sign(message).into())
		},
		"eth" => {
			let pair = ecdsa::KeccakPair::from_seed_slice(seed).expect("it is a seed");
			(MultiSigner::Eth(pair.public()), MultiSignature::Eth(pair.sign(message)))
		},
		scheme => panic!("unknown scheme {scheme}"),
	}
}

impl Check for Extrinsic {
	type Shared = SignedFor;

	fn check(self, signed_for: &SignedFor) {
		assert_eq!(gtos_runtime::VERSION.spec_version, signed_for.spec_version);
		assert_eq!(gtos_runtime::VERSION.transaction_version, signed_for.transaction_version);
		chain::with_accounts(Vec::new()).execute_with(|| {
			let hashes =
				[(0, signed_for.genesis_hash.hash()), (self.birth_block, self.birth_hash.hash())];
			for (number, hash) in hashes {
				frame_system::BlockHash::<Runtime>::insert(number, hash);
			}
			System::set_block_number(self.block);
			self.run();
		});
	}
}

impl Extrinsic {
	fn run(&self) {
		let extrinsic = chain::decode(&self.extrinsic.0).expect("it is an extrinsic");
		assert_eq!(extrinsic.encode(), self.extrinsic.0);
		assert_eq!(sp_crypto_hashing::blake2_256(&self.extrinsic.0), self.hash.array::<32>());
		assert_eq!(extrinsic.function.encode(), self.call.0);

		let account = self.account.account();
		let Preamble::Signed(address, signature, mut extension) = extrinsic.preamble else {
			panic!("it is signed")
		};
		assert_eq!(address, Address::Id(account.clone()));
		assert_eq!(signature.encode(), self.signature.0);

		// TXN-R8: the explicit bytes.
		let fields = [
			self.era.0.clone(),
			Compact(self.nonce).encode(),
			Compact(self.tip.0).encode(),
			self.metadata_hash.is_some().encode(),
		];
		assert_eq!(fields.concat(), self.explicit.0);
		assert_eq!(extension.encode(), self.explicit.0);
		// TXN-R11: mode 1 adds the metadata hash to the implicit bytes.
		if let Some(hash) = &self.metadata_hash {
			// A native runtime has no metadata hash of its own.
			extension.8 = frame_metadata_hash_extension::CheckMetadataHash::new_with_custom_hash(
				hash.array(),
			);
		}
		// TXN-R9: the implicit bytes.
		let implicit = TransactionExtension::<RuntimeCall>::implicit(&extension)
			.expect("all implicit values are known");
		assert_eq!(implicit.encode(), self.implicit.0);
		// HAS-R10: the payload, and the message that is signed.
		let payload = (&extrinsic.function, &extension, &implicit).encode();
		assert_eq!(payload, self.payload.0);
		let message = SignedPayload::from_raw(extrinsic.function, extension, implicit)
			.using_encoded(<[u8]>::to_vec);
		assert_eq!(message, self.message.0);

		assert!(signature.verify(&message[..], &account), "the signature does not verify");
		let (signer, again) = sign(&self.scheme, &self.seed.0, &message);
		assert_eq!(signer.as_ref(), self.public_key.0);
		assert_eq!(signer.into_account(), account);
		assert_eq!(self.is_deterministic, self.scheme != "sr25519");
		if self.is_deterministic {
			assert_eq!(again, signature);
		}
	}
}

/// The encoding of an era (TXN-R12), and its birth and death (TXN-R13).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eras {
	encoded: Bytes,
	from: Option<MortalFrom>,
	era: Option<EraForm>,
	#[serde(default)]
	at: Vec<EraAt>,
	#[serde(default)]
	refused: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MortalFrom {
	period: u64,
	block: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum EraForm {
	Named(String),
	Mortal(MortalEra),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MortalEra {
	period: u64,
	phase: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraAt {
	block: u64,
	birth: u64,
	death: Decimal,
}

impl Check for Eras {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let decoded = Era::decode_all(&mut &self.encoded.0[..]);
		if self.refused {
			assert!(decoded.is_err(), "decodes as {decoded:?}");
			return;
		}
		let era = decoded.expect("it is an era");
		let expected = match self.era.expect("an era that decodes has a meaning") {
			EraForm::Named(name) if name == "immortal" => Era::Immortal,
			EraForm::Named(name) => panic!("unknown era {name}"),
			EraForm::Mortal(mortal) => Era::Mortal(mortal.period, mortal.phase),
		};
		assert_eq!(era, expected);
		assert_eq!(era.encode(), self.encoded.0);
		if let Some(from) = self.from {
			assert_eq!(Era::mortal(from.period, from.block), era);
		}
		for at in self.at {
			assert_eq!(era.birth(at.block), at.birth, "birth in block {}", at.block);
			assert_eq!(era.death(at.block), at.death.u64(), "death in block {}", at.block);
		}
	}
}

/// Bodies of extrinsics without their first byte, by form: bare (TXN-R5), signed (TXN-R3) and general
/// (TXN-R6).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bodies {
	bare: Bytes,
	signed: Bytes,
	general: Bytes,
}

/// A first byte that makes one of the bodies an extrinsic (TXN-R2).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstByte {
	byte: Bytes,
	form: String,
}

/// First bytes that decode, by form. The vectors list the same.
const FIRST_BYTES: [(u8, &str); 4] =
	[(0x04, "bare"), (0x05, "bare"), (0x84, "signed"), (0x45, "general")];

impl Check for FirstByte {
	type Shared = Bodies;

	fn check(self, bodies: &Bodies) {
		let [byte]: [u8; 1] = self.byte.array();
		assert!(FIRST_BYTES.contains(&(byte, self.form.as_str())));
		for (form, body) in
			[("bare", &bodies.bare), ("signed", &bodies.signed), ("general", &bodies.general)]
		{
			for first in 0..=u8::MAX {
				let extrinsic = [&[first][..], &body.0[..]].concat().encode();
				assert_eq!(
					chain::decode(&extrinsic).is_ok(),
					FIRST_BYTES.contains(&(first, form)),
					"{form} with the first byte {first:#04x}",
				);
			}
		}
	}
}

/// The encoding of a validity error (TXN-R23), and its JSON-RPC code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidityErrors {
	family: String,
	variant: String,
	custom: Option<u8>,
	encoded: Bytes,
	rpc_code: u32,
}

impl Check for ValidityErrors {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let error = TransactionValidityError::decode_all(&mut &self.encoded.0[..])
			.expect("it is a validity error");
		assert_eq!(error.encode(), self.encoded.0);
		let custom = self.custom.map(|code| format!("({code})")).unwrap_or_default();
		assert_eq!(format!("{error:?}"), format!("{}({}{custom})", self.family, self.variant));
		let code = match error {
			TransactionValidityError::Invalid(_) => 1_010,
			TransactionValidityError::Unknown(_) => 1_011,
		};
		assert_eq!(self.rpc_code, code);
	}
}

/// The encoding of a dispatch error (TXN-R24).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchErrors {
	variant: String,
	pallet: Option<String>,
	detail: Option<String>,
	encoded: Bytes,
}

/// The encoding of a pallet's error.
pub fn module_error(pallet: &str, name: &str) -> Vec<u8> {
	let (index, error) = metadata::error(pallet, name);
	DispatchError::Module(ModuleError { index, error: [error, 0, 0, 0], message: None }).encode()
}

impl Check for DispatchErrors {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let error =
			DispatchError::decode(&mut &self.encoded.0[..]).expect("it is a dispatch error");
		assert_eq!(error.encode(), self.encoded.0);
		match (&self.pallet, &self.detail) {
			(Some(pallet), Some(name)) => {
				assert_eq!(self.variant, "Module");
				assert_eq!(module_error(pallet, name), self.encoded.0);
			},
			(None, Some(detail)) => {
				assert_eq!(format!("{error:?}"), format!("{}({detail})", self.variant))
			},
			(None, None) => assert!(format!("{error:?}").starts_with(&self.variant)),
			(Some(_), None) => panic!("an error of a pallet has a name"),
		}
	}
}
