//! Pins of the bytes that clients, proofs and later versions of the pallet depend on. The expected
//! bytes come from the Python model of `vectors/`, not from this code.

use super::*;
use crate::{
	index::page_key, BlockSweep, Call, EntryHead, ExpiryPages, StoreTotals, SweepHeight,
	SweptInBlock, Totals, PAGE_LENGTH,
};
use codec::{Decode, DecodeAll, Encode, MaxEncodedLen};
use frame_support::{storage::StoragePrefixedMap, traits::GetCallIndex};
use hex_literal::hex;

const PALLET: [u8; 16] = hex!("ddc17fb0c3015f189a4b4d622602840b");

fn entry() -> EntryOf<Test> {
	EntryOf::<Test> {
		expires_at: 11,
		created_at: 1,
		revision: 7,
		value: VALUE.to_vec().try_into().expect("it is short"),
	}
}

/// TTL-R2: order and widths of the fields of an entry.
#[test]
fn entry_encoding_is_pinned() {
	let bytes = hex!("0b0000000100000007000000000000001476616c7565");
	assert_eq!(entry().encode(), bytes);
	assert_eq!(EntryOf::<Test>::decode_all(&mut &bytes[..]), Ok(entry()));
}

/// TTL-R2: reading 32 bytes of an entry is enough to decode its head.
#[test]
fn entry_head_is_the_beginning_of_an_entry() {
	for len in [0, 5, 63, 64, 16_383, 16_384] {
		let value = vec![7; len].try_into().expect("it is not too long");
		let bytes = EntryOf::<Test> { value, ..entry() }.encode();
		let head = EntryHead::<u32>::decode(&mut &bytes[..]).expect("an entry begins with it");
		assert_eq!(
			head,
			EntryHead {
				expires_at: 11,
				created_at: 1,
				revision: 7,
				value_len: u32::try_from(len).expect("it is short")
			}
		);
		assert!(head.encoded_size() <= 32, "the pallet reads 32 bytes of an entry");
	}
}

/// TTL-R1: clients compute the storage key of an entry for proofs.
#[test]
fn entry_storage_key_is_pinned() {
	let map = [&PALLET[..], &hex!("f2c528f439cb4e3ed0c3631044c7e5de")].concat();
	assert_eq!(Entries::<Test>::final_prefix().to_vec(), map);
	let owner = [&hex!("c035f853fcd0f0589e30c9e2dc1a0f57")[..], &[1; 32]].concat();
	let hashes = [
		(b"key".to_vec(), hex!("8ebbe3da38b535b21473832e5e1ef1e9"), &hex!("0c")[..]),
		(vec![b'k'; 63], hex!("1222a33d0e9ce0251759aa52d9a6aa53"), &hex!("fc")),
		(vec![b'k'; 64], hex!("386278d291745f1b9763dfc5aad517da"), &hex!("0101")),
		(vec![b'k'; 128], hex!("6dab1605a350543acde9764b536fd85f"), &hex!("0102")),
	];
	for (key, hash, length) in hashes {
		let expected = [&map[..], &owner, &hash, length, &key].concat();
		assert_eq!(expected.len(), key.len() + if key.len() < 64 { 97 } else { 98 });
		assert_eq!(Entries::<Test>::hashed_key_for(ALICE, bounded(&key)), expected);
		assert_eq!(TtlKv::proof_key(&ALICE, key), Some(expected));
	}
}

/// TTL-R1: storage keys of the single values.
#[test]
fn storage_keys_of_values_are_pinned() {
	let key = |item: [u8; 16]| [PALLET, item].concat();
	assert_eq!(
		LastRevision::<Test>::hashed_key().to_vec(),
		key(hex!("bbafe9f398286f34e83f0dc0a9ca1084"))
	);
	assert_eq!(
		Totals::<Test>::hashed_key().to_vec(),
		key(hex!("b6e8d33e59707e1e401e3beccb5f223f"))
	);
	assert_eq!(
		SweepHeight::<Test>::hashed_key().to_vec(),
		key(hex!("fcf0cb42027a0dc7d5558534889fcdc3"))
	);
	assert_eq!(
		SweptInBlock::<Test>::hashed_key().to_vec(),
		key(hex!("0ea321681a8ac387d66e22e6b49717bc"))
	);
}

/// The sweep relies on this order of pages: by height, then by revision.
#[test]
fn index_storage_keys_are_pinned_and_sorted() {
	let map = [PALLET, hex!("938314de1a8fc0d1e628a8bd22dcc9ec")].concat();
	let storage_key = |height, revision| {
		let (height, page) = page_key::<Test>(height, revision);
		ExpiryPages::<Test>::hashed_key_for(height, page)
	};
	assert_eq!(PAGE_LENGTH, 32);
	let expected = [&map[..], &hex!("01020304 0000000000000003")].concat();
	assert_eq!(storage_key(0x0102_0304, 96), expected);
	assert_eq!(storage_key(0x0102_0304, 127), expected);
	let sorted = [
		storage_key(0, 1),
		storage_key(0, u64::MAX),
		storage_key(1, 31),
		storage_key(1, 32),
		storage_key(255, 32 * 256 - 1),
		storage_key(255, 32 * 256),
		storage_key(256, 0),
		storage_key(u32::MAX, u64::MAX),
	];
	assert!(sorted.is_sorted());
}

/// A page that two puts have appended to.
#[test]
fn index_page_encoding_is_pinned() {
	on_chain(|| {
		assert_ok!(put(ALICE, KEY, VALUE, 10));
		assert_ok!(put(BOB, b"k", VALUE, 10));
		let page = ExpiryPages::<Test>::hashed_key_for([0, 0, 0, 11], [0; 8]);
		let expected = [&[8][..], &[1; 32], &hex!("0c6b6579"), &[2; 32], &hex!("046b")].concat();
		assert_eq!(sp_io::storage::get(&page).map(|value| value.to_vec()), Some(expected));
	});
}

#[test]
fn stored_values_encodings_are_pinned() {
	assert_eq!(
		StoreTotals { entries: 1, bytes: 2 }.encode(),
		hex!("0100000000000000 0200000000000000")
	);
	assert_eq!(
		BlockSweep { entries: 1, last_page: Some(([2; 4], [3; 8])) }.encode(),
		hex!("01000000 01 02020202 0303030303030303")
	);
	// The benchmarks' proof sizes follow from it.
	assert_eq!(EntryOf::<Test>::max_encoded_len(), 16 + 4 + 16_384);
}

/// TTL-R15: clients encode calls like this.
#[test]
fn call_encodings_are_pinned() {
	let encoded = |call: Call<Test>| RuntimeCall::from(call).encode();
	let (key, value) = (KEY.to_vec(), VALUE.to_vec());
	assert_eq!(
		encoded(Call::kv_put_ttl { key: key.clone(), value: value.clone(), ttl: 600 }),
		hex!("5100 0c6b6579 1476616c7565 58020000")
	);
	assert_eq!(
		encoded(Call::kv_extend { key: key.clone(), ttl: 600 }),
		hex!("5101 0c6b6579 58020000")
	);
	assert_eq!(encoded(Call::kv_delete { key: key.clone() }), hex!("5102 0c6b6579"));
	let put_if = |condition| {
		encoded(Call::kv_put_if { key: key.clone(), value: value.clone(), ttl: 600, condition })
	};
	assert_eq!(put_if(Condition::Absent), hex!("5103 0c6b6579 1476616c7565 58020000 00"));
	assert_eq!(
		put_if(Condition::Revision(7)),
		hex!("5103 0c6b6579 1476616c7565 58020000 01 0700000000000000")
	);
	assert_eq!(Call::<Test>::get_call_indices(), [0, 1, 2, 3]);
}

/// TTL-R16: clients decode events like this.
#[test]
fn event_encodings_are_pinned() {
	let encoded = |event: Event<Test>| RuntimeEvent::from(event).encode();
	assert_eq!(
		encoded(Event::EntryPut {
			owner: ALICE,
			key: bounded(KEY),
			value_len: 5,
			revision: 6,
			expires_at: 7,
			charge: 8,
		}),
		[
			&hex!("5100")[..],
			&[1; 32],
			&hex!("0c6b6579 05000000 0600000000000000 07000000 08000000000000000000000000000000"),
		]
		.concat()
	);
	assert_eq!(
		encoded(Event::EntryExtended {
			owner: ALICE,
			key: bounded(KEY),
			revision: 6,
			expires_at: 7,
			charge: 8,
		}),
		[
			&hex!("5101")[..],
			&[1; 32],
			&hex!("0c6b6579 0600000000000000 07000000 08000000000000000000000000000000"),
		]
		.concat()
	);
	assert_eq!(
		encoded(Event::EntryDeleted { owner: ALICE, key: bounded(KEY), revision: 6 }),
		[&hex!("5102")[..], &[1; 32], &hex!("0c6b6579 0600000000000000")].concat()
	);
	assert_eq!(encoded(Event::Pruned { count: 9 }), hex!("5103 09000000"));
}

/// TTL-R17: clients decode an error by its index.
#[test]
fn error_indices_are_pinned() {
	let errors: [Error<Test>; 10] = [
		Error::EmptyKey,
		Error::KeyTooLong,
		Error::EmptyValue,
		Error::ValueTooLong,
		Error::TtlOutOfRange,
		Error::ExpiryOverflow,
		Error::EntryNotFound,
		Error::EntryExists,
		Error::RevisionMismatch,
		Error::InsufficientBalance,
	];
	for (index, error) in errors.into_iter().enumerate() {
		assert_eq!(usize::from(error.encode()[0]), index);
	}
}
