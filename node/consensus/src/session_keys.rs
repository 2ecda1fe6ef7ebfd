//! Logs for which validators this node holds the session keys, and which of their keys it lacks.
//!
//! A node knows only from its keys which validator is its own: if it holds one key of a validator, it needs
//! the others, too. The keystore must be the one below slashing protection, which hides keys at times.

use futures::StreamExt;
use gtos_dpos_api::{DposApi, EpochInfo, Keys, NextValidator, Validator};
use gtos_node_types::FullClient;
use gtos_runtime::{AccountId, Balance, BlockNumber, Hash};
use sc_client_api::BlockchainEvents;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::{key_types, KeyTypeId};
use std::{fmt, sync::Arc};

const LOG_TARGET: &str = "session-keys";

/// Number of blocks until the next attempt if the runtime cannot be called.
const RETRY_BLOCKS: BlockNumber = 100;

/// Kinds of session keys.
const AURA: (&str, KeyTypeId) = ("Aura", key_types::AURA);
const GRANDPA: (&str, KeyTypeId) = ("GRANDPA", key_types::GRANDPA);

/// A validator of a set, with the keys in force.
type Member = (AccountId, Keys);

/// Checks the sets of the current and the next session now, and again in each session. Logs what is new.
pub async fn watch(client: Arc<FullClient>, keystore: KeystorePtr) {
	let mut finalized = client.finality_notification_stream();
	let mut watch = Watch { client, keystore, findings: None, next_check: 0 };
	watch.check();
	while let Some(notification) = finalized.next().await {
		if notification.header.number >= watch.next_check {
			watch.check();
		}
	}
}

struct Watch {
	client: Arc<FullClient>,
	keystore: KeystorePtr,
	/// What was found last; `None` before the first check.
	findings: Option<Vec<Finding>>,
	/// Height from which on it is checked again.
	next_check: BlockNumber,
}

impl Watch {
	fn check(&mut self) {
		let info = self.client.info();
		let (findings, next_check) = match self.find(info.best_hash) {
			Ok(found) => found,
			Err(error) => {
				// The state is not there yet in a fast sync, and an old runtime lacks the function.
				tracing::debug!(target: LOG_TARGET, "The sets of validators are not known: {error}");
				self.next_check = info.finalized_number.saturating_add(RETRY_BLOCKS);
				return;
			},
		};
		self.next_check = next_check;
		if self.findings.as_ref() == Some(&findings) {
			return;
		}
		findings.iter().for_each(Finding::log);
		if findings.is_empty() {
			tracing::info!(
				target: LOG_TARGET,
				"No validator of the current or the next session has keys of this node",
			);
		}
		self.findings = Some(findings);
	}

	/// The findings in the state after a block, and the height of the next session.
	fn find(&self, at: Hash) -> Result<(Vec<Finding>, BlockNumber), ApiError> {
		let api = self.client.runtime_api();
		let current: Vec<Validator<AccountId, Balance>> = api.validators(at)?;
		let next: Vec<NextValidator<AccountId>> = api.next_validators(at)?;
		let epoch: EpochInfo<BlockNumber> = api.epoch_info(at)?;
		let current: Vec<Member> = current
			.into_iter()
			.filter_map(|validator| Some((validator.account, validator.keys?)))
			.collect();
		let next: Vec<Member> =
			next.into_iter().map(|validator| (validator.account, validator.keys)).collect();
		let mut found = findings(&*self.keystore, "current", &current);
		found.extend(findings(&*self.keystore, "next", &next));
		Ok((found, epoch.next_session_block))
	}
}

/// What this node can do for a validator in a session.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
	session: &'static str,
	account: AccountId,
	/// Kinds of the key that it has and of the one that it lacks, and the latter; `None` if it has both.
	lacks: Option<(&'static str, &'static str, [u8; 32])>,
}

/// The validators of a set of which the keystore holds a key with which it can sign.
fn findings(keystore: &dyn Keystore, session: &'static str, set: &[Member]) -> Vec<Finding> {
	let holds =
		|public: &[u8; 32], key_type: KeyTypeId| keystore.has_keys(&[(public.to_vec(), key_type)]);
	set.iter()
		.filter_map(|(account, keys)| {
			let lacks = match (holds(&keys.aura, AURA.1), holds(&keys.grandpa, GRANDPA.1)) {
				(true, true) => None,
				(true, false) => Some((AURA.0, GRANDPA.0, keys.grandpa)),
				(false, true) => Some((GRANDPA.0, AURA.0, keys.aura)),
				(false, false) => return None,
			};
			Some(Finding { session, account: account.clone(), lacks })
		})
		.collect()
}

impl Finding {
	fn log(&self) {
		if self.lacks.is_some() {
			tracing::error!(target: LOG_TARGET, "{self}");
		} else {
			tracing::info!(target: LOG_TARGET, "{self}");
		}
	}
}

impl fmt::Display for Finding {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		let Self { session, account, lacks } = self;
		match lacks {
			None => write!(
				f,
				"This node can sign with all keys that validator {account} has in the {session} session",
			),
			Some((held, lacking, key)) => write!(
				f,
				"This node cannot sign with the {lacking} key {:?} that validator {account} has in the {session} \
				session, although it holds the validator's {held} key. Insert that key into the keystore, or set keys \
				that this node holds by session.setKeys",
				Hash::from(*key),
			),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keyring::Sr25519Keyring;
	use sp_keystore::testing::MemoryKeystore;

	/// A keystore with the session keys of `//Alice`, and a set of Alice and Bob, of whom Bob's keys are unknown.
	fn scene() -> (MemoryKeystore, Vec<Member>) {
		let keystore = MemoryKeystore::new();
		let seed = Some("//Alice");
		let aura = keystore.sr25519_generate_new(AURA.1, seed).unwrap().0;
		let grandpa = keystore.ed25519_generate_new(GRANDPA.1, seed).unwrap().0;
		let bob = Keys { aura: [1; 32], grandpa: [2; 32] };
		let set = vec![
			(Sr25519Keyring::AliceStash.to_account_id(), Keys { aura, grandpa }),
			(Sr25519Keyring::BobStash.to_account_id(), bob),
		];
		(keystore, set)
	}

	#[test]
	fn validator_with_all_keys_is_found_and_others_are_not() {
		let (keystore, set) = scene();
		let alice = set[0].0.clone();
		let expected = Finding { session: "next", account: alice, lacks: None };
		assert_eq!(findings(&keystore, "next", &set), [expected]);
		assert!(findings(&MemoryKeystore::new(), "next", &set).is_empty());
	}

	#[test]
	fn key_that_is_lacking_is_named_with_its_validator_and_session() {
		let (keystore, mut set) = scene();
		set[0].1.grandpa = [7; 32];
		let found = findings(&keystore, "current", &set);
		assert_eq!(found[0].lacks, Some(("Aura", "GRANDPA", [7; 32])));
		let text = found[0].to_string();
		let (key, account) = ("07".repeat(32), set[0].0.to_string());
		let parts = ["the GRANDPA key 0x", &key, &account, "current session", "session.setKeys"];
		for part in parts {
			assert!(text.contains(part), "{part}: {text}");
		}

		let (keystore, mut set) = scene();
		set[0].1.aura = [8; 32];
		let found = findings(&keystore, "current", &set);
		assert_eq!(found[0].lacks, Some(("GRANDPA", "Aura", [8; 32])));
	}
}
