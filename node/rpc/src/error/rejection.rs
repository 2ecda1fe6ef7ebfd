//! Why the pool rejects an extrinsic, and what its sender can do, in words.

use sc_transaction_pool_api::error::Error as PoolError;
use sp_runtime::transaction_validity::InvalidTransaction;

/// The cause, and what would help if there is something that the sender can do.
pub(super) fn message(error: &PoolError) -> String {
	let cause = cause(error);
	match remedy(error) {
		Some(remedy) => format!("{}. {remedy}", cause.trim_end_matches('.')),
		None => cause,
	}
}

fn cause(error: &PoolError) -> String {
	match error {
		PoolError::InvalidTransaction(InvalidTransaction::Custom(code)) => {
			format!("The runtime refuses the transaction, with its code {code}")
		},
		PoolError::InvalidTransaction(error) => <&'static str>::from(*error).into(),
		PoolError::UnknownTransaction(error) => <&'static str>::from(*error).into(),
		// The SDK's text shows the type of the hash.
		PoolError::AlreadyImported(_) => "The transaction is already in the pool".into(),
		other => other.to_string(),
	}
}

fn remedy(error: &PoolError) -> Option<&'static str> {
	Some(match error {
		PoolError::InvalidTransaction(error) => match error {
			InvalidTransaction::Stale => {
				"Its nonce has been used: sign it with the account's next one, which \
				system_accountNextIndex returns"
			},
			InvalidTransaction::Payment => {
				"Fund the account: it needs the fee and the tip besides the existential deposit"
			},
			InvalidTransaction::BadProof => {
				"Sign it with the key of its account, for the genesis hash and the runtime version of \
				this chain"
			},
			InvalidTransaction::AncientBirthBlock => {
				"Its era is over: sign it again from a recent block on"
			},
			InvalidTransaction::ExhaustsResources => {
				"Split it into several transactions, or shorten it"
			},
			_ => return None,
		},
		PoolError::TemporarilyBanned => {
			"Submit it again after the next block, with a higher tip if the pool is full"
		},
		PoolError::AlreadyImported(_) => "Wait for it, or replace it with a higher tip",
		PoolError::TooLowPriority { .. } => {
			"Sign it with a higher tip to replace the transaction of the same nonce"
		},
		PoolError::ImmediatelyDropped => {
			"The pool is full of others: sign it with a higher tip, or submit it again later"
		},
		_ => return None,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn message_names_cause_and_remedy() {
		let message = |error| message(&PoolError::InvalidTransaction(error));
		assert_eq!(
			message(InvalidTransaction::Stale),
			"Transaction is outdated. Its nonce has been used: sign it with the account's next one, \
			which system_accountNextIndex returns"
		);
		assert_eq!(message(InvalidTransaction::BadSigner), "Invalid signing address");
		let custom = message(InvalidTransaction::Custom(9));
		assert_eq!(custom, "The runtime refuses the transaction, with its code 9");
	}

	#[test]
	fn message_of_a_full_pool_names_the_tip() {
		for error in [
			PoolError::ImmediatelyDropped,
			PoolError::TemporarilyBanned,
			PoolError::TooLowPriority { old: 2, new: 1 },
		] {
			let text = message(&error);
			assert!(text.contains("a higher tip"), "{text}");
		}
	}
}
