//! The networks that the one Wasm can start: `dev`, `local` and the template `live`.

use crate::{
	constants::{
		currency::TOS,
		governance::MAX_COMMITTEE_MEMBERS,
		staking::{MAX_ELECTABLE_TARGETS, MAX_VALIDATORS},
	},
	AccountId, Balance, RuntimeGenesisConfig, SessionKeys,
};
use alloc::{
	collections::BTreeSet,
	format,
	string::{String, ToString},
	vec::Vec,
};
use frame_support::traits::BuildGenesisConfig;
use pallet_genesis_parameters::{ChainTiming, NetworkProfile};
use pallet_staking::StakerStatus;
use serde_json::{json, Value};
use sp_core::{crypto::KeyTypeId, hexdisplay::HexDisplay};
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{traits::OpaqueKeys, Perbill};

/// One validator, Alice, with half-second slots and eras of half a minute, for nodes in one place.
pub const DEV: &str = "dev";
/// Three validators, Alice, Bob and Charlie, with the timing and the network of [`DEV`].
pub const LOCAL: &str = "local";
/// Timing and limits of a live network without accounts and validators: a template that an operator
/// fills in.
pub const LIVE: &str = "live";

/// Timing of [`DEV`] and [`LOCAL`].
pub const DEVELOPMENT_TIMING: ChainTiming = ChainTiming {
	slot_duration_ms: 500,
	session_length_blocks: 20,
	sessions_per_era: 3,
	bonding_duration_eras: 3,
	slash_defer_duration_eras: 1,
	hour_blocks: 20,
};

/// Balance with which each well-known account of a development network starts.
const DEV_ENDOWMENT: Balance = 10_000_000 * TOS;
/// Stake of each validator of a development network.
const DEV_STAKE: Balance = 1_000_000 * TOS;

/// Names of the presets.
pub fn names() -> Vec<PresetId> {
	[DEV, LOCAL, LIVE].into_iter().map(PresetId::from).collect()
}

/// The preset called `name`, as JSON that amends the default configuration.
pub fn get(name: &PresetId) -> Option<Vec<u8>> {
	use Sr25519Keyring::{Alice, Bob, Charlie};
	let patch = match name.as_ref() {
		DEV => development(&[Alice]),
		LOCAL => development(&[Alice, Bob, Charlie]),
		LIVE => live(),
		_ => return None,
	};
	Some(patch.to_string().into_bytes())
}

/// Builds the genesis state of `json`, or returns the reason why no chain can start from it.
pub fn build_state(json: &[u8]) -> Result<(), String> {
	let config: RuntimeGenesisConfig =
		serde_json::from_slice(json).map_err(|error| format!("Invalid genesis JSON: {error}"))?;
	config.genesis_parameters.check_slot()?;
	check_validators(&config)?;
	check_committee(&config)?;
	config.build();
	Ok(())
}

/// Checks that the genesis has a technical committee that the chain can have (STA-R15).
///
/// Without one no call can be whitelisted, and electing one takes a referendum on the root track. The other conditions
/// are those of `pallet-collective`, which panics.
fn check_committee(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let members = &config.technical_committee.members;
	if members.is_empty() {
		return Err("The genesis has no technical committee, so no urgent call could be \
			whitelisted: name its members in technicalCommittee.members"
			.into());
	}
	if members.len() > MAX_COMMITTEE_MEMBERS as usize {
		return Err(format!(
			"technicalCommittee.members names {} accounts; at most {MAX_COMMITTEE_MEMBERS} are possible",
			members.len()
		));
	}
	let mut seen = BTreeSet::new();
	for member in members {
		if !seen.insert(member) {
			return Err(format!("technicalCommittee.members names account {} twice", hex(member)));
		}
	}
	Ok(())
}

/// Checks that the genesis has validators and that every session key has one owner.
fn check_validators(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let keys = &config.session.keys;
	if keys.is_empty() {
		return Err(
			"The genesis has no validators: name them in session.keys and staking.stakers. \
			The `live` preset is a template without any"
				.into(),
		);
	}
	if keys.len() > MAX_VALIDATORS as usize {
		return Err(format!(
			"session.keys names {} validators; at most {MAX_VALIDATORS} are possible",
			keys.len()
		));
	}
	let mut seen = BTreeSet::<(KeyTypeId, Vec<u8>)>::new();
	for (account, _, keys) in keys.iter().chain(&config.session.non_authority_keys) {
		for key_type in SessionKeys::key_ids() {
			let key = keys.get_raw(*key_type);
			if !seen.insert((*key_type, key.to_vec())) {
				return Err(format!(
					"session.keys names the {} key of account {} twice; each validator needs its own",
					String::from_utf8_lossy(&key_type.0),
					hex(account),
				));
			}
		}
	}
	for (account, ..) in keys {
		let validates = config.staking.stakers.iter().any(|(stash, _, _, status)| {
			stash == account && matches!(status, StakerStatus::Validator)
		});
		if !validates {
			return Err(format!(
				"session.keys names account {}, which is not a validator in staking.stakers",
				hex(account)
			));
		}
	}
	Ok(())
}

/// The account in hexadecimal, a form that chain specs accept as well as SS58.
fn hex(account: &AccountId) -> String {
	format!("0x{:?}", HexDisplay::from(AsRef::<[u8; 32]>::as_ref(account)))
}

/// Stash of a well-known validator.
///
/// It is a separate account, so that the validator's earnings do not mix with what the well-known account
/// spends.
fn stash(validator: Sr25519Keyring) -> AccountId {
	use Sr25519Keyring::{AliceStash, Bob, BobStash, Charlie, CharlieStash};
	match validator {
		Bob => BobStash,
		Charlie => CharlieStash,
		_ => AliceStash,
	}
	.to_account_id()
}

fn session_keys(validator: Sr25519Keyring) -> SessionKeys {
	let grandpa = match validator {
		Sr25519Keyring::Bob => Ed25519Keyring::Bob,
		Sr25519Keyring::Charlie => Ed25519Keyring::Charlie,
		_ => Ed25519Keyring::Alice,
	};
	SessionKeys { aura: validator.public().into(), grandpa: grandpa.public().into() }
}

fn development(validators: &[Sr25519Keyring]) -> Value {
	let endowed = Sr25519Keyring::well_known()
		.map(|key| (key.to_account_id(), DEV_ENDOWMENT))
		.collect::<Vec<_>>();
	let stakers = validators
		.iter()
		.map(|v| (stash(*v), stash(*v), DEV_STAKE, StakerStatus::<AccountId>::Validator))
		.collect::<Vec<_>>();
	let keys =
		validators.iter().map(|v| (stash(*v), stash(*v), session_keys(*v))).collect::<Vec<_>>();
	let committee = validators.iter().map(|v| v.to_account_id()).collect::<Vec<_>>();
	json!({
		"balances": { "balances": endowed },
		"genesisParameters": {
			"timing": DEVELOPMENT_TIMING,
			"network": NetworkProfile::Lan,
		},
		"session": { "keys": keys },
		"staking": {
			"validatorCount": validators.len(),
			"minimumValidatorCount": 1,
			"stakers": stakers,
			"slashRewardFraction": Perbill::from_percent(10),
			"minNominatorBond": TOS,
			"minValidatorBond": 10 * TOS,
			"maxValidatorCount": MAX_ELECTABLE_TARGETS,
		},
		"technicalCommittee": { "members": committee },
	})
}

fn live() -> Value {
	json!({
		"balances": { "balances": [] },
		"genesisParameters": {
			"timing": ChainTiming::default(),
			"network": NetworkProfile::Wan,
		},
		"session": { "keys": [] },
		"staking": {
			"validatorCount": 21,
			"minimumValidatorCount": 4,
			"stakers": [],
			"slashRewardFraction": Perbill::from_percent(10),
			"minNominatorBond": 10 * TOS,
			"minValidatorBond": 10_000 * TOS,
			"maxValidatorCount": MAX_ELECTABLE_TARGETS,
		},
		"technicalCommittee": { "members": [] },
	})
}
