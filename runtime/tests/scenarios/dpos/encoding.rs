//! Encodings of the answers.

use codec::Encode;
use gtos_dpos_api::{
	EpochInfo, Keys, NextValidator, Rewards, Snapshot, Status, Validator, ValidatorDetails,
};

/// Nodes that are older than the runtime must still decode these bytes.
#[test]
fn encodings_are_pinned() {
	let validator = Validator {
		account: 1u8,
		status: Status::Disabled,
		is_candidate: true,
		own_stake: 2u8,
		total_stake: 3,
		commission: Some(4),
		keys: Some(Keys { aura: [5; 32], grandpa: [6; 32] }),
		produced: 7,
		missed: 8,
		era_points: 9,
	};
	let bytes = [
		&[1, 1, 1, 2, 3, 1, 4, 0, 0, 0, 1][..],
		&[5; 32],
		&[6; 32],
		&[7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0],
	]
	.concat();
	assert_eq!(validator.encode(), bytes);
	let rewards = Rewards { from_era: 1, earned: 3u8, claimed: 2 };
	assert_eq!(
		ValidatorDetails { validator: validator.clone(), rewards }.encode(),
		[&bytes[..], &[1, 0, 0, 0, 3, 2]].concat()
	);
	let next = NextValidator { account: 1u8, keys: Keys { aura: [2; 32], grandpa: [3; 32] } };
	assert_eq!(next.encode(), [&[1][..], &[2; 32], &[3; 32]].concat());
	let snapshot =
		Snapshot { block_number: 1u8, session: 2, era: 3, set_id: 4, validators: vec![validator] };
	let head = [1, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1 << 2];
	assert_eq!(snapshot.encode(), [&head[..], &bytes].concat());
	let epoch = EpochInfo {
		session: 1,
		session_progress: 2u8,
		session_length: 3,
		era: 4,
		era_progress: 5,
		sessions_per_era: 6,
		next_session_block: 7,
		next_era_session: Some(8),
		next_era_block: Some(9),
	};
	assert_eq!(
		epoch.encode(),
		[1, 0, 0, 0, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 1, 8, 0, 0, 0, 1, 9]
	);
	let statuses = [Status::Active, Status::Disabled, Status::Waiting, Status::Chilled];
	assert_eq!(statuses.map(|status| status.encode()), [[0], [1], [2], [3]]);
}
