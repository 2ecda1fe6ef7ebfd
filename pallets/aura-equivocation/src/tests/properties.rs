//! Random and damaged reports neither panic nor raise an offence.
#![allow(deprecated, reason = "see the pallet: `validate_unsigned` has no successor here yet")]

use super::*;
use codec::{Decode, Encode};
use proptest::prelude::*;
use sp_runtime::{traits::ValidateUnsigned, transaction_validity::TransactionSource};

/// Passes the call to the pool, to a block and to its dispatch. Returns whether it raised an offence.
fn raises_an_offence(call: &Call<Test>) -> bool {
	let _ =
		<AuraEquivocation as ValidateUnsigned>::validate_unsigned(TransactionSource::Local, call);
	let _ = <AuraEquivocation as ValidateUnsigned>::pre_dispatch(call);
	let (Call::report_equivocation { equivocation_proof, key_owner_proof }
	| Call::report_equivocation_unsigned { equivocation_proof, key_owner_proof }) = call
	else {
		return false;
	};
	report(equivocation_proof, key_owner_proof).is_ok()
}

/// The encoded call of a valid report.
fn valid() -> Vec<u8> {
	Call::<Test>::report_equivocation_unsigned {
		equivocation_proof: Box::new(equivocation(2, 101)),
		key_owner_proof: owner(2),
	}
	.encode()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	/// CON-R22: no call decoded from arbitrary bytes is accepted.
	#[test]
	fn report_of_arbitrary_bytes_is_refused(
		index in 0_u8..2,
		bytes in proptest::collection::vec(any::<u8>(), 0..600),
	) {
		let call = [&[index][..], &bytes].concat();
		let is_accepted = Call::<Test>::decode(&mut &call[..]).is_ok_and(|call| {
			new_test_ext().execute_with(|| {
				go_to(3);
				raises_an_offence(&call)
			})
		});
		prop_assert!(!is_accepted);
	}

	/// CON-R22: a valid report with one byte changed, removed or added is refused, unless it decodes to
	/// the same report.
	#[test]
	fn damaged_report_is_refused(
		at in any::<prop::sample::Index>(),
		damage in 0_u8..3,
		byte in any::<u8>(),
	) {
		let is_accepted = new_test_ext().execute_with(|| {
			go_to(8);
			let original = valid();
			let mut damaged = original.clone();
			// Leaves the index of the call intact.
			let at = 1 + at.index(original.len() - 1);
			match damage {
				0 => damaged[at] ^= byte.max(1),
				1 => drop(damaged.remove(at)),
				_ => damaged.insert(at, byte),
			}
			match Call::<Test>::decode(&mut &damaged[..]) {
				Ok(call) if call.encode() != original => raises_an_offence(&call),
				_ => false,
			}
		});
		prop_assert!(!is_accepted);
	}
}
