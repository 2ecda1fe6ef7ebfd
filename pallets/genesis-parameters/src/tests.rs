//! Genesis, bounds and encoding of the timing (STA-R9) and the network (STA-R11), and the limits of a block
//! that follow from them (STA-R12).

use crate::{
	budget::{block_budget, LEAST_BUDGET, MAX_LENGTH_BYTES, MIN_LENGTH_BYTES, MIN_WEIGHT_MS},
	check_slot,
	pallet::{Budget, GenesisConfig, Network, Timing},
	BlockBudget, ChainTiming,
	NetworkProfile::{self, Lan, Wan},
	Pallet,
};
use codec::{Decode, Encode};
use frame_support::{
	derive_impl,
	traits::{BuildGenesisConfig, OnFinalize, OnInitialize},
};
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
	serde_json::from_value::<GenesisConfig<Test>>(serde_json::json!({
		"timing": timing,
		"network": "lan",
	}))
	.map(|genesis| genesis.timing)
	.map_err(|error| error.to_string())
}

#[test]
fn genesis_writes_the_chosen_timing() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build();
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
		GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build();
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
		("slashDeferDurationEras", 1),
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
	// The shortest bonding leaves the shortest deferral.
	let shortest = ChainTiming { bonding_duration_eras: 2, slash_defer_duration_eras: 1, ..fast() };
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
		("bondingDurationEras", 1, "bondingDurationEras must be between 2 and 336"),
		("bondingDurationEras", 337, "bondingDurationEras must be between 2 and 336"),
		(
			"slashDeferDurationEras",
			0,
			"slashDeferDurationEras must be at least 1: with 0, governance",
		),
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

fn budget(build_ms: u32, weight_ms: u32, length_bytes: u32) -> Option<BlockBudget> {
	Some(BlockBudget { build_ms, weight_ms, length_bytes })
}

/// STA-R12: the table of the specification.
#[test]
fn budgets_of_the_specification() {
	for (network, slot, expected) in [
		(Wan, 500, None),
		(Wan, 774, None),
		(Wan, 775, budget(29, 25, 294_912)),
		(Wan, 1_000, budget(149, 130, 294_912)),
		(Wan, 2_000, budget(676, 596, 312_500)),
		(Wan, 2_527, budget(939, 828, 392_500)),
		(Wan, 2_528, budget(914, 805, 395_000)),
		(Wan, 6_000, budget(2_640, 2_328, 937_500)),
		(Lan, 96, None),
		(Lan, 100, budget(31, 26, 294_912)),
		(Lan, 250, budget(108, 94, 468_750)),
		(Lan, 500, budget(232, 204, 968_750)),
		(Lan, 1_000, budget(481, 424, 1_937_500)),
		(Lan, 2_000, budget(1_001, 882, 2_621_440)),
	] {
		assert_eq!(block_budget(slot, network), expected, "{network:?} {slot}");
	}
}

/// STA-R12: whatever the slot, the parts add up to at most the slot, and blocks of longer slots are no shorter.
#[test]
fn block_of_any_slot_reaches_the_next_author_in_time() {
	for (network, clock, round_trip, rate) in [(Wan, 20, 100_u64, 2_500), (Lan, 5, 2, 31_250)] {
		let mut last = LEAST_BUDGET;
		for slot in 1..=60_000_u32 {
			let Some(budget) = block_budget(slot.into(), network) else { continue };
			let (weight, length) = (u64::from(budget.weight_ms), u64::from(budget.length_bytes));
			// Building takes 1,000 / 882 of the weight.
			assert!(u64::from(budget.build_ms) * 882 >= weight * 1_000, "{slot}");
			// The line is idle for at most one round trip in each round of the cold window.
			let mut idle_rounds = 0;
			let mut window = 14_600;
			while window < rate * round_trip {
				window *= 2;
				idle_rounds += 1;
			}
			// The sender waits for the second grant of a stream's window, as long as that takes beyond the time for
			// which the first lasts.
			let waits = length > 384 * 1_024;
			let stall = if waits { round_trip.saturating_sub(128 * 1_024 / rate) } else { 0 };
			let most_transfer = idle_rounds * round_trip + length / rate + 1 + stall;
			let least_transfer = length / rate + stall;
			let others = u64::from(budget.build_ms) + weight + 2 * 10 + clock + round_trip * 5 / 2;
			assert!(others + least_transfer <= slot.into(), "{network:?} {slot}: {budget:?}");
			// Nothing is wasted either: a millisecond or two are lost by rounding.
			assert!(others + most_transfer + 2 >= slot.into(), "{network:?} {slot}: {budget:?}");
			assert!((MIN_LENGTH_BYTES..=MAX_LENGTH_BYTES).contains(&length));
			assert!(weight >= MIN_WEIGHT_MS);
			assert!(budget.length_bytes >= last.length_bytes, "{slot}");
			last = budget;
		}
	}
}

#[test]
fn budget_of_an_absurd_slot_does_not_overflow() {
	for network in [Wan, Lan] {
		for slot in [0, 1, u64::MAX / 2, u64::MAX] {
			assert_eq!(block_budget(slot, network), None);
		}
	}
}

/// STA-R11: genesis is the only writer, and the variants' bytes do not change.
#[test]
fn genesis_writes_the_chosen_network() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build();
		assert_eq!(Network::<Test>::get(), Lan);
		assert_eq!(Pallet::<Test>::network(), Lan);
	});
	assert_eq!(Pallet::<Test>::network(), Wan);
	assert_eq!([Wan.encode(), Lan.encode()], [[0], [1]]);
	assert_eq!(NetworkProfile::default(), Wan);
}

/// STA-R11: the error says what is wrong and what helps.
#[test]
fn slot_too_short_for_its_network_is_refused() {
	assert_eq!(check_slot(775, Wan), Ok(()));
	assert_eq!(check_slot(100, Lan), Ok(()));
	let error = check_slot(774, Wan).expect_err("it is too short");
	assert!(error.contains("too short for the network `wan`, which needs at least 775"), "{error}");
	assert!(check_slot(96, Lan).is_err());
}

#[test]
#[should_panic(expected = "too short for the network `wan`")]
fn genesis_build_with_a_slot_too_short_for_its_network_panics() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), network: Wan, ..Default::default() }.build();
	});
}

#[test]
fn block_keeps_its_budget_until_it_ends() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build();
		let budget = Pallet::<Test>::budget();
		assert_eq!(Some(budget), block_budget(500, Lan));
		Pallet::<Test>::on_initialize(1);
		assert_eq!(Budget::<Test>::get(), Some(budget));
		Timing::<Test>::kill();
		assert_eq!(Pallet::<Test>::budget(), budget);
		Pallet::<Test>::on_finalize(1);
		assert!(!Budget::<Test>::exists());
		assert_eq!(Some(Pallet::<Test>::budget()), block_budget(1_000, Lan));
	});
	// Outside a chain it is that of the default timing and network.
	assert_eq!(Some(Pallet::<Test>::budget()), block_budget(1_000, Wan));
}

#[test]
fn budget_of_a_slot_that_genesis_refuses_is_the_least() {
	TestExternalities::default().execute_with(|| {
		Timing::<Test>::put(fast());
		assert_eq!(Pallet::<Test>::budget(), LEAST_BUDGET);
		assert!(Pallet::<Test>::do_try_state().is_err());
	});
}

#[test]
fn budget_left_behind_by_a_block_is_found() {
	TestExternalities::default().execute_with(|| {
		assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
		Pallet::<Test>::note_budget();
		assert!(Pallet::<Test>::do_try_state().is_err());
	});
}

#[test]
fn remembered_budget_is_answered_until_it_is_forgotten() {
	TestExternalities::default().execute_with(|| {
		GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build();
		Pallet::<Test>::note_budget();
		let budget = Pallet::<Test>::budget();
		Pallet::<Test>::remember_budget();
		// As root can.
		Budget::<Test>::put(LEAST_BUDGET);
		assert_eq!(Pallet::<Test>::budget(), budget);
		// The next transaction starts from the storage, even if the last one was refused halfway.
		Pallet::<Test>::remember_budget();
		assert_eq!(Pallet::<Test>::budget(), LEAST_BUDGET);
		Budget::<Test>::put(budget);
		Pallet::<Test>::forget_budget();
		assert_eq!(Pallet::<Test>::budget(), budget);
	});
}

/// A block, its end and a new chain start without what a refused transaction has left in memory.
#[test]
fn remembered_budget_is_forgotten_when_the_pallet_writes_its_items() {
	let changes: [fn(); 3] = [
		|| {
			Pallet::<Test>::on_initialize(1);
		},
		|| Pallet::<Test>::on_finalize(1),
		|| GenesisConfig::<Test> { timing: fast(), network: Lan, ..Default::default() }.build(),
	];
	for (index, change) in changes.into_iter().enumerate() {
		TestExternalities::default().execute_with(|| {
			Timing::<Test>::put(fast());
			Network::<Test>::put(Lan);
			Budget::<Test>::put(LEAST_BUDGET);
			Pallet::<Test>::remember_budget();
			Budget::<Test>::kill();
			assert_eq!(Pallet::<Test>::budget(), LEAST_BUDGET, "{index}");
			change();
			assert_eq!(Some(Pallet::<Test>::budget()), block_budget(500, Lan), "{index}");
		});
	}
}

#[test]
fn remembered_budget_is_not_that_of_code_without_a_state() {
	TestExternalities::default().execute_with(|| {
		Budget::<Test>::put(LEAST_BUDGET);
		Pallet::<Test>::remember_budget();
	});
	assert_eq!(Some(Pallet::<Test>::budget()), block_budget(1_000, Wan));
	Pallet::<Test>::forget_budget();
}
