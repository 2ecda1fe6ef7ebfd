//! Genesis, bounds and encoding of the timing (STA-R9).

use crate::{
	pallet::{GenesisConfig, Timing},
	ChainTiming, Pallet,
};
use codec::{Decode, Encode};
use frame_support::{derive_impl, traits::BuildGenesisConfig};
use sp_io::TestExternalities;

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		GenesisParameters: crate,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl crate::Config for Test {}

/// The timing of a development network.
fn fast() -> ChainTiming {
	ChainTiming {
		slot_duration_ms: 500,
		session_length_blocks: 20,
		sessions_per_era: 3,
		bonding_duration_eras: 3,
		slash_defer_duration_eras: 1,
		hour_blocks: 20,
	}
}

fn parse(timing: serde_json::Value) -> Result<ChainTiming, String> {
	serde_json::from_value::<GenesisConfig<Test>>(serde_json::json!({ "timing": timing }))
		.map(|genesis| genesis.timing)
		.map_err(|error| error.to_string())
}

#[test]
fn genesis_writes_the_chosen_timing() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), ..Default::default() }.build();
		assert_eq!(Timing::<Test>::get(), fast());
		assert_eq!(Pallet::<Test>::timing(), fast());
	});
}

#[test]
fn default_timing_passes_its_own_check() {
	assert_eq!(ChainTiming::default().check(), Ok(()));
	assert_eq!(fast().check(), Ok(()));
}

#[test]
fn timing_outside_a_chain_is_the_default() {
	assert_eq!(Pallet::<Test>::timing(), ChainTiming::default());
}

#[test]
fn timing_on_a_chain_is_shown_as_a_metadata_constant() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), ..Default::default() }.build();
		let constants = Pallet::<Test>::pallet_constants_metadata();
		let timing = constants.iter().find(|c| c.name == "Timing").expect("it is declared");
		assert_eq!(ChainTiming::decode(&mut &timing.value[..]), Ok(fast()));
	});
}

/// STA-R9: genesis is the only writer, so there is no call.
#[test]
fn pallet_has_no_call() {
	let pallets = Test::metadata_ir().pallets;
	let pallet = pallets.iter().find(|p| p.name == "GenesisParameters").expect("it is there");
	assert!(pallet.calls.is_none());
}

/// STA-R9: order and types of the stored fields.
#[test]
fn timing_encoding_is_pinned() {
	assert_eq!(
		fast().encode(),
		[
			0xf4, 0x01, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 20, 0,
			0, 0
		]
	);
}

#[test]
fn timing_within_its_bounds_parses_from_json() {
	assert_eq!(parse(serde_json::to_value(fast()).expect("plain data")), Ok(fast()));
}

/// STA-R9: every bound is inclusive.
#[test]
fn timing_at_its_bounds_is_accepted() {
	let cases = [
		("slotDurationMs", 100),
		("slotDurationMs", 60_000),
		("sessionLengthBlocks", 5),
		("sessionLengthBlocks", 604_800),
		("sessionsPerEra", 2),
		("sessionsPerEra", 1_000),
		("bondingDurationEras", 2),
		("bondingDurationEras", 336),
		("slashDeferDurationEras", 0),
		("slashDeferDurationEras", 2),
		("hourBlocks", 1),
		("hourBlocks", 36_000),
	];
	for (field, value) in cases {
		let mut timing = serde_json::to_value(fast()).expect("plain data");
		timing[field] = value.into();
		let parsed = parse(timing).map(|timing| serde_json::to_value(timing).expect("plain data"));
		assert_eq!(parsed.map(|timing| timing[field].clone()), Ok(value.into()), "{field}");
	}
	// The shortest bonding leaves no deferral.
	let shortest = ChainTiming { bonding_duration_eras: 1, slash_defer_duration_eras: 0, ..fast() };
	assert_eq!(shortest.check(), Ok(()));
	// 50,000 sessions of bonding.
	let longest = ChainTiming {
		bonding_duration_eras: 50,
		sessions_per_era: 1_000,
		..ChainTiming::default()
	};
	assert_eq!(
		longest.check(),
		Err("slashDeferDurationEras must be less than bondingDurationEras")
	);
	assert_eq!(ChainTiming { slash_defer_duration_eras: 49, ..longest }.check(), Ok(()));
}

/// STA-R9: the error names the field and its range.
#[test]
fn timing_outside_its_bounds_is_refused() {
	let cases = [
		("slotDurationMs", 0, "slotDurationMs must be between 100 and 60000"),
		("slotDurationMs", 99, "slotDurationMs must be between 100 and 60000"),
		("slotDurationMs", 60_001, "slotDurationMs must be between 100 and 60000"),
		("sessionLengthBlocks", 0, "sessionLengthBlocks must be between 5 and 604800"),
		("sessionLengthBlocks", 4, "sessionLengthBlocks must be between 5 and 604800"),
		("sessionLengthBlocks", 604_801, "sessionLengthBlocks must be between 5 and 604800"),
		("sessionsPerEra", 0, "sessionsPerEra must be between 2 and 1000"),
		("sessionsPerEra", 1, "sessionsPerEra must be between 2 and 1000"),
		("sessionsPerEra", 1_001, "sessionsPerEra must be between 2 and 1000"),
		("bondingDurationEras", 0, "bondingDurationEras must be between 1 and 336"),
		("bondingDurationEras", 337, "bondingDurationEras must be between 1 and 336"),
		(
			"slashDeferDurationEras",
			3,
			"slashDeferDurationEras must be less than bondingDurationEras",
		),
		("hourBlocks", 0, "hourBlocks must be between 1 and 36000"),
		("hourBlocks", 36_001, "hourBlocks must be between 1 and 36000"),
	];
	for (field, value, message) in cases {
		let mut timing = serde_json::to_value(fast()).expect("plain data");
		timing[field] = value.into();
		let error = parse(timing).expect_err(field);
		assert!(error.contains(message), "{field} = {value}: {error}");
	}
}

/// STA-R9: bonding spans at most 50,000 sessions.
#[test]
fn bonding_over_too_many_sessions_is_refused() {
	let timing = ChainTiming {
		bonding_duration_eras: 336,
		sessions_per_era: 1_000,
		..ChainTiming::default()
	};
	assert_eq!(
		timing.check(),
		Err("bondingDurationEras times sessionsPerEra must be at most 50000")
	);
}

#[test]
fn missing_and_unknown_fields_are_refused_by_name() {
	let mut timing = serde_json::to_value(fast()).expect("plain data");
	timing["slotDuration"] = 1.into();
	assert!(parse(timing.clone()).expect_err("unknown").contains("unknown field `slotDuration`"));
	let fields = timing.as_object_mut().expect("an object");
	fields.remove("slotDuration");
	fields.remove("hourBlocks");
	assert!(parse(timing).expect_err("missing").contains("missing field `hourBlocks`"));
}

#[test]
#[should_panic(expected = "genesisParameters.timing: slotDurationMs must be between")]
fn genesis_build_with_a_timing_outside_its_bounds_panics() {
	TestExternalities::default().execute_with(|| {
		let timing = ChainTiming { slot_duration_ms: 0, ..fast() };
		GenesisConfig::<Test> { timing, ..Default::default() }.build();
	});
}
