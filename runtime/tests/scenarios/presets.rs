//! Each network starts from its preset, and a genesis that cannot run is refused with the reason.

use crate::common::{build, chain, genesis_json};
use gtos_runtime::{
	genesis_config_presets::{names, DEV, DEVELOPMENT_TIMING, LIVE, LOCAL},
	AccountId, Runtime, Session, Staking,
};
use pallet_genesis_parameters::ChainTiming;

/// Why no chain can start from `config`.
fn error_of(config: &serde_json::Value) -> String {
	match build(config) {
		Ok(_) => panic!("the genesis was accepted"),
		Err(reason) => reason,
	}
}

#[test]
fn presets_are_named() {
	let names = names().iter().map(|name| name.to_string()).collect::<Vec<_>>();
	assert_eq!(names, [DEV, LOCAL, LIVE]);
}

#[test]
fn dev_starts_with_one_validator_and_local_with_three() {
	for (preset, validators) in [(DEV, 1), (LOCAL, 3)] {
		chain(preset).execute_with(|| {
			assert_eq!(Session::validators().len(), validators);
			assert_eq!(pallet_aura::Authorities::<Runtime>::get().len(), validators);
			assert_eq!(pallet_grandpa::Authorities::<Runtime>::get().len(), validators);
			assert_eq!(Staking::validator_count() as usize, validators);
			assert_eq!(
				pallet_aura::Pallet::<Runtime>::slot_duration(),
				DEVELOPMENT_TIMING.slot_duration_ms
			);
		});
	}
}

#[test]
fn live_template_without_validators_is_refused() {
	assert!(error_of(&genesis_json(LIVE)).contains("The genesis has no validators"));
}

#[test]
fn live_template_with_validators_starts_with_live_timing() {
	let mut config = genesis_json(LIVE);
	let local = genesis_json(LOCAL);
	for part in ["balances", "session", "technicalCommittee"] {
		config[part] = local[part].clone();
	}
	config["staking"]["stakers"] = local["staking"]["stakers"].clone();
	build(&config).expect("it is whole").execute_with(|| {
		let timing = pallet_genesis_parameters::Pallet::<Runtime>::timing();
		assert_eq!(timing, ChainTiming::default());
		assert_eq!(pallet_aura::Pallet::<Runtime>::slot_duration(), timing.slot_duration_ms);
	});
}

/// STA-R15: a chain without a committee could not enact anything urgent.
#[test]
fn live_template_without_a_committee_is_refused() {
	let mut config = genesis_json(LIVE);
	let local = genesis_json(LOCAL);
	for part in ["balances", "session"] {
		config[part] = local[part].clone();
	}
	config["staking"]["stakers"] = local["staking"]["stakers"].clone();
	let reason = error_of(&config);
	assert!(reason.contains("no technical committee"), "{reason}");
	assert!(reason.contains("name its members in technicalCommittee.members"), "{reason}");
	assert_eq!(reason.lines().count(), 1, "{reason}");
}

/// STA-R15: `pallet-collective` would panic.
#[test]
fn committee_with_an_account_twice_or_with_too_many_is_refused() {
	let mut config = genesis_json(LOCAL);
	let members = config["technicalCommittee"]["members"].as_array_mut().expect("a list");
	members.push(members[0].clone());
	let reason = error_of(&config);
	assert!(reason.starts_with("technicalCommittee.members names account 0x"), "{reason}");
	assert!(reason.ends_with("twice"), "{reason}");

	let with = |count: u8| {
		let mut config = genesis_json(LOCAL);
		let members = (0..count).map(|index| AccountId::new([index; 32])).collect::<Vec<_>>();
		config["technicalCommittee"]["members"] = serde_json::json!(members);
		config
	};
	let reason = error_of(&with(26));
	assert_eq!(reason, "technicalCommittee.members names 26 accounts; at most 25 are possible");
	for count in [1, 25] {
		assert!(build(&with(count)).is_ok(), "{count}");
	}
}

#[test]
fn duplicate_session_key_is_refused_by_name() {
	for key in ["aura", "grandpa"] {
		let mut config = genesis_json(LOCAL);
		config["session"]["keys"][1][2][key] = config["session"]["keys"][0][2][key].clone();
		let reason = error_of(&config);
		assert!(reason.contains("twice; each validator needs its own"), "{reason}");
	}
}

#[test]
fn session_keys_of_an_account_that_does_not_stake_are_refused() {
	let mut config = genesis_json(LOCAL);
	config["staking"]["stakers"].as_array_mut().expect("a list").pop();
	assert!(error_of(&config).contains("is not a validator in staking.stakers"));
}

#[test]
fn timing_out_of_bounds_is_refused_by_field() {
	let mut config = genesis_json(DEV);
	config["genesisParameters"]["timing"]["slotDurationMs"] = 0.into();
	assert!(error_of(&config).contains("slotDurationMs must be between 100 and 60000"));
}

#[test]
fn unknown_field_and_broken_json_are_refused() {
	let mut config = genesis_json(DEV);
	config["sudo"] = serde_json::json!({ "key": null });
	assert!(error_of(&config).contains("unknown field `sudo`"));
	assert!(gtos_runtime::genesis_config_presets::build_state(b"{").is_err());
}

/// STA-R9: metadata constants that depend on timing show the timing of genesis.
#[test]
fn metadata_constants_show_the_timing_of_the_chain() {
	use codec::Decode;
	use frame_metadata::RuntimeMetadata;

	chain(DEV).execute_with(|| {
		let RuntimeMetadata::V14(metadata) = Runtime::metadata().1 else {
			panic!("the legacy metadata is of version 14");
		};
		let constant = |pallet: &str, name: &str| {
			let pallet = metadata.pallets.iter().find(|p| p.name == pallet).expect("it exists");
			let value = pallet.constants.iter().find(|c| c.name == name).expect("it exists");
			value.value.clone()
		};
		let number = |pallet: &str, name: &str| {
			let bytes = constant(pallet, name);
			match bytes.len() {
				4 => u64::from(u32::decode(&mut &bytes[..]).expect("four bytes")),
				_ => u64::decode(&mut &bytes[..]).expect("eight bytes"),
			}
		};
		let timing = DEVELOPMENT_TIMING;
		assert_eq!(number("Aura", "SlotDuration"), timing.slot_duration_ms);
		// CON-R3: the minimum period is half a slot.
		assert_eq!(number("Timestamp", "MinimumPeriod"), timing.slot_duration_ms / 2);
		assert_eq!(number("Staking", "SessionsPerEra"), u64::from(timing.sessions_per_era));
		assert_eq!(number("Staking", "BondingDuration"), u64::from(timing.bonding_duration_eras));
		assert_eq!(
			number("Staking", "SlashDeferDuration"),
			u64::from(timing.slash_defer_duration_eras)
		);
		assert_eq!(
			number("Grandpa", "MaxSetIdSessionEntries"),
			u64::from(timing.bonding_duration_sessions())
		);
		let shown = ChainTiming::decode(&mut &constant("GenesisParameters", "Timing")[..]);
		assert_eq!(shown, Ok(timing));
	});
}

/// ECO-R1: 12 decimals, and the existential deposit.
#[test]
fn token_has_twelve_decimals_and_its_existential_deposit() {
	use gtos_runtime::constants::currency::{EXISTENTIAL_DEPOSIT, TOS};
	assert_eq!(TOS, 10_u128.pow(12));
	assert_eq!(EXISTENTIAL_DEPOSIT, 10_u128.pow(9));
}
