//! Pins of the bytes that clients depend on. Changing one of them changes the protocol.

use super::*;
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::{GetStorageVersion, StorageVersion};
use hex_literal::hex;
use sp_runtime::AccountId32;
use sp_staking::offence::Offence;

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
	Chain::of(1).run(|| {
		assert_eq!(Liveness::on_chain_storage_version(), StorageVersion::new(1));
		assert_eq!(Liveness::in_code_storage_version(), StorageVersion::new(1));
	});
}

/// CON-R19: clients decode events like this.
#[test]
fn event_encodings_are_pinned() {
	let offline =
		Event::<Test>::ValidatorOffline { session: 1, validator: 2, produced: 3, missed: 4 };
	let bytes = [&[0][..], &[1, 0, 0, 0], &[2, 0, 0, 0, 0, 0, 0, 0], &[3, 0, 0, 0], &[4], &[0; 7]];
	assert_eq!(offline.encode(), bytes.concat());
	let not_chilled = Event::<Test>::OffendersNotChilled { session: 1, count: 2 };
	assert_eq!(not_chilled.encode(), [1, 1, 0, 0, 0, 2, 0, 0, 0]);
}

/// CON-R19: kind, time slot and slash fraction of the offence.
#[test]
fn offence_is_pinned() {
	let offence = MissedSlots { session: 5, validator_count: 4, offenders: vec![1_u64, 2] };
	assert_eq!(<MissedSlots<u64> as Offence<u64>>::ID, *b"liveness:missing");
	assert_eq!(offence.slot(), 5);
	assert_eq!(offence.session_index(), 5);
	assert_eq!(offence.validator_set_count(), 4);
	assert_eq!(offence.offenders(), [1, 2]);
	for offenders in [1, 2, 100] {
		assert!(offence.slash_fraction(offenders).is_zero());
	}
}
