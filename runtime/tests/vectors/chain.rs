//! States on which vectors run.

use codec::{DecodeLimit, Encode};
use frame_support::{storage::storage_prefix, MAX_EXTRINSIC_DEPTH};
use gtos_runtime::{AccountId, Balance, Runtime, SessionKeys, UncheckedExtrinsic};
use pallet_genesis_parameters::ChainTiming;
use pallet_staking::StakerStatus;
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_core::{ed25519, sr25519, storage::Storage};
use sp_io::TestExternalities;
use sp_runtime::{
	generic::{Digest, DigestItem},
	BuildStorage, Perbill,
};
use sp_staking::offence::OffenceSeverity;

/// Balance with which each account of [`network`] starts.
pub const ENDOWMENT: Balance = 10_000_000_000_000_000_000;
/// Stake of each validator of [`network`].
pub const STAKE: Balance = 1_000_000_000_000_000_000;

fn empty() -> Storage {
	frame_system::GenesisConfig::<Runtime>::default().build_storage().expect("it has no input")
}

/// A state with accounts and nothing else.
pub fn with_accounts(balances: Vec<(AccountId, Balance)>) -> TestExternalities {
	let mut storage = empty();
	pallet_balances::GenesisConfig::<Runtime> { balances, ..Default::default() }
		.assimilate_storage(&mut storage)
		.expect("every account has the existential deposit");
	storage.into()
}

/// The genesis of a network with one validator for each of `keys`; their stashes are those of [`account`].
pub fn network(keys: &[SessionKeys], timing: ChainTiming) -> TestExternalities {
	let stashes: Vec<AccountId> = (0..keys.len()).map(account).collect();
	let mut storage = empty();
	pallet_genesis_parameters::GenesisConfig::<Runtime> { timing, ..Default::default() }
		.assimilate_storage(&mut storage)
		.expect("the timing is allowed");
	pallet_balances::GenesisConfig::<Runtime> {
		balances: stashes.iter().map(|stash| (stash.clone(), ENDOWMENT)).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.expect("every account has the existential deposit");
	pallet_staking::GenesisConfig::<Runtime> {
		validator_count: keys.len() as u32,
		minimum_validator_count: 1,
		stakers: stashes
			.iter()
			.map(|stash| (stash.clone(), stash.clone(), STAKE, StakerStatus::Validator))
			.collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.expect("every validator can bond");
	pallet_session::GenesisConfig::<Runtime> {
		keys: stashes
			.iter()
			.zip(keys)
			.map(|(stash, keys)| (stash.clone(), stash.clone(), keys.clone()))
			.collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.expect("every key has one owner");
	storage.into()
}

/// The genesis of a network of `validators` validators with their first keys.
pub fn network_of(validators: usize, timing: ChainTiming) -> TestExternalities {
	let keys: Vec<SessionKeys> =
		(0..validators).map(|validator| session_keys(validator, 0)).collect();
	network(&keys, timing)
}

/// Disables the validators with these indices, for small offences.
pub fn disable(validators: &[u32]) {
	let severity = OffenceSeverity(Perbill::from_percent(1));
	let disabled: Vec<_> = validators.iter().map(|index| (*index, severity)).collect();
	pallet_session::DisabledValidators::<Runtime>::put(disabled);
}

/// Makes `author` the author of the block. `pallet-authorship` finds it in a header only.
pub fn set_author(author: &AccountId) {
	let key = storage_prefix(b"Authorship", b"Author");
	sp_io::storage::set(&key, &author.encode());
}

/// The digest with which a block of `slot` is executed.
pub fn digest_of(slot: u64) -> Digest {
	Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode())] }
}

/// The `number`-th session keys that a validator sets.
pub fn session_keys(validator: usize, number: u32) -> SessionKeys {
	let key =
		|kind: &str| sp_crypto_hashing::blake2_256(&(kind, validator as u64, number).encode());
	SessionKeys {
		aura: sr25519::Public::from_raw(key("aura")).into(),
		grandpa: ed25519::Public::from_raw(key("grandpa")).into(),
	}
}

/// The account with this number.
pub fn account(number: usize) -> AccountId {
	sp_crypto_hashing::blake2_256(&(b"vectors", number as u64).encode()).into()
}

/// Decodes an extrinsic as a node does: from all bytes, to a bounded depth (TXN-R1).
pub fn decode(extrinsic: &[u8]) -> Result<UncheckedExtrinsic, codec::Error> {
	UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &extrinsic[..])
}
