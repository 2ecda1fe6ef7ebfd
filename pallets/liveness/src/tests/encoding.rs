//! Pins of the bytes that clients depend on. Changing one of them changes the protocol.

use super::*;
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::{GetStorageVersion, StorageVersion};
use hex_literal::hex;
use sp_runtime::AccountId32;

/// CON-R18: the counts of a validator are compact integers.
#[test]
fn count_encoding_is_pinned() {
	let count = SlotCount { produced: 0x3f, missed: 0x40, excused: 0x0102_0304_0506_0708 };
	assert_eq!(count.encode(), hex!("fc 0101 13 0807060504030201"));
	assert_eq!(SlotCount::default().encode(), [0, 0, 0]);
	let largest = SlotCount { produced: u32::MAX, missed: u64::MAX, excused: u64::MAX };
	assert_eq!(SlotCount::max_encoded_len(), 23);
	assert_eq!(largest.encoded_size(), 23);
	assert_eq!(CountsOf::<Test>::max_encoded_len(), 2 + 100 * 23);
}

/// CON-R18: index of the session, then its validators and their counts.
#[test]
fn session_encoding_is_pinned() {
	let row = ValidatorSlots {
		validator: AccountId32::new([7; 32]),
		count: SlotCount { produced: 1, missed: 2, excused: 1 },
	};
	let session = SessionSlots { session: 0x0403_0201, validators: vec![row] };
	let bytes = [&[1, 2, 3, 4, 4][..], &[7; 32], &[4, 8, 4]].concat();
	assert_eq!(session.encode(), bytes);
}

#[test]
fn storage_keys_are_pinned() {
	let pallet = sp_io::hashing::twox_128(b"Liveness");
	let key = |item: &[u8]| [pallet, sp_io::hashing::twox_128(item)].concat();
	assert_eq!(CurrentCounts::<Test>::hashed_key().to_vec(), key(b"CurrentCounts"));
	assert_eq!(LastSession::<Test>::hashed_key().to_vec(), key(b"LastSession"));
	assert_eq!(Records::<Test>::hashed_key().to_vec(), key(b"Records"));
	assert_eq!(SparedSessions::<Test>::hashed_key().to_vec(), key(b"SparedSessions"));
	let hashed = |encoded: &[u8]| [&sp_io::hashing::twox_64(encoded)[..], encoded].concat();
	let raises = [key(b"Raises"), hashed(&[5, 0, 0, 0])].concat();
	assert_eq!(Raises::<Test>::hashed_key_for(5_u32), raises);
	let due = [key(b"DueSlashes"), hashed(&[5, 0, 0, 0, 6, 0, 0, 0])].concat();
	assert_eq!(DueSlashes::<Test>::hashed_key_for((5_u32, 6_u32)), due);
	Chain::of(1).run(|| {
		assert_eq!(Liveness::on_chain_storage_version(), StorageVersion::new(1));
		assert_eq!(Liveness::in_code_storage_version(), StorageVersion::new(1));
	});
}

/// CON-R19: clients decode events like this.
#[test]
fn event_encodings_are_pinned() {
	let offline = Event::<Test>::ValidatorOffline {
		session: 1,
		validator: 2,
		produced: 3,
		missed: 4,
		until: 5,
	};
	let bytes = [
		&[0][..],
		&[1, 0, 0, 0],
		&[2, 0, 0, 0, 0, 0, 0, 0],
		&[3, 0, 0, 0],
		&[4, 0, 0, 0, 0, 0, 0, 0],
		&[5, 0, 0, 0],
	];
	assert_eq!(offline.encode(), bytes.concat());
	let not_suspended = Event::<Test>::OffendersNotSuspended { session: 1, count: 2 };
	assert_eq!(not_suspended.encode(), [1, 1, 0, 0, 0, 2, 0, 0, 0]);
	let returned = Event::<Test>::ValidatorReturned { validator: 2 };
	assert_eq!(returned.encode(), [2, 2, 0, 0, 0, 0, 0, 0, 0]);
	let refused = Event::<Test>::ReturnRefused { validator: 2 };
	assert_eq!(refused.encode(), [3, 2, 0, 0, 0, 0, 0, 0, 0]);
	let requested = Event::<Test>::ReturnRequested { validator: 2, until: 3 };
	assert_eq!(requested.encode(), [4, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
}

/// CON-R27: a record of a suspension.
#[test]
fn record_encodings_are_pinned() {
	let validator = AccountId32::new([7; 32]);
	let standing = Standing::Suspended { until: 0x0403_0201, stake: 0x1_0000 };
	let record = Record { validator: validator.clone(), level: 2, standing };
	let bytes = [&[7; 32][..], &[2, 0, 1, 2, 3, 4, 0, 0, 1], &[0; 13]].concat();
	assert_eq!(record.encode(), bytes);
	let record = Record { validator, level: 3, standing: Standing::Returned { since: 5 } };
	assert_eq!(record.encode(), [&[7; 32][..], &[3, 1, 5, 0, 0, 0]].concat());
}

/// CON-R29, CON-R30: a validator that waits for being raised, and a page of a slash that is due.
#[test]
fn slash_encodings_are_pinned() {
	let validator = AccountId32::new([7; 32]);
	let fraction = sp_runtime::Perbill::from_parts(0x0403_0201);
	let raise = Raise { validator: validator.clone(), fraction, reporter: None };
	assert_eq!(raise.encode(), [&[7; 32][..], &[1, 2, 3, 4, 0]].concat());
	let raise = Raise { reporter: Some(AccountId32::new([8; 32])), ..raise };
	assert_eq!(raise.encode(), [&[7; 32][..], &[1, 2, 3, 4, 1], &[8; 32]].concat());

	let page = DuePage { stakes: vec![(1_u8, 2_u8)], reporters: vec![3_u8], payout: 4_u8 };
	assert_eq!(page.encode(), [4, 1, 2, 4, 3, 4]);
}

/// CON-R28: the call has no arguments.
#[test]
fn call_encoding_is_pinned() {
	assert_eq!(Call::<Test>::rejoin {}.encode(), [0]);
}
