//! Random sequences of calls, compared with a model of a few lines.

use super::*;
use proptest::prelude::*;
use std::collections::btree_map::Entry;

/// There are few accounts, codes and salts, so that many deployments have the same address.
const ACCOUNTS: [AccountId32; 3] = [ALICE, BOB, CHARLIE];
const CODES: [&[u8]; 4] = [b"", b"\0", CODE, b"a contract of some length, but not of much"];
const SALTS: [H256; 2] = [SALT, OTHER_SALT];

/// A deployment, by upload or by hash. The numbers are indices into the lists above.
#[derive(Clone, Debug)]
struct Deployment {
	upload: bool,
	code: usize,
	salt: usize,
}

impl Deployment {
	fn call(&self) -> RuntimeCall {
		let (code, salt) = (CODES[self.code], SALTS[self.salt]);
		if self.upload {
			deploy(code, salt)
		} else {
			deploy_hash(code_hash(code), salt)
		}
	}
}

/// A step of the sequence: deployments and how they are dispatched, or something between them.
#[derive(Clone, Debug)]
enum Step {
	Direct(Deployment),
	/// Stops at the first failure and keeps the deployments before it.
	Batch(Vec<Deployment>),
	/// Undoes all deployments if one fails.
	BatchAll(Vec<Deployment>),
	/// Continues after a failure.
	ForceBatch(Vec<Deployment>),
	/// Signed by another account that is a proxy.
	Proxy(Deployment),
	NextBlock,
	/// Leaves the account with the existential deposit and the price of this many records.
	Impoverish(u8),
}

fn deployments() -> impl Strategy<Value = Deployment> {
	(any::<bool>(), 0..CODES.len(), 0..SALTS.len()).prop_map(|(upload, code, salt)| Deployment {
		upload,
		code,
		salt,
	})
}

fn steps() -> impl Strategy<Value = (usize, Step)> {
	let several = || prop::collection::vec(deployments(), 1..5);
	let step = prop_oneof![
		4 => deployments().prop_map(Step::Direct),
		2 => several().prop_map(Step::Batch),
		2 => several().prop_map(Step::BatchAll),
		2 => several().prop_map(Step::ForceBatch),
		2 => deployments().prop_map(Step::Proxy),
		2 => Just(Step::NextBlock),
		1 => (0_u8..3).prop_map(Step::Impoverish),
	];
	(0..ACCOUNTS.len(), step)
}

/// What a failure within a batch does to the other calls.
#[derive(Clone, Copy)]
enum Failure {
	Stops,
	UndoesAll,
	IsSkipped,
}

/// Expected content of the store, by the specification.
#[derive(Clone, Default)]
struct Model {
	codes: BTreeMap<H256, Vec<u8>>,
	contracts: BTreeMap<H256, ContractRecordOf<Test>>,
	listed: BTreeMap<AccountId32, Vec<H256>>,
	/// Amount that each account can spend.
	funds: BTreeMap<AccountId32, Balance>,
}

impl Model {
	/// Makes the checks of CTR-R9 and CTR-R10 in order, then the changes.
	fn apply(&mut self, who: &AccountId32, deployment: &Deployment) -> DispatchResult {
		let (code, salt) = (CODES[deployment.code], SALTS[deployment.salt]);
		let hash = code_hash(code);
		let known = self.codes.contains_key(&hash);
		if deployment.upload && code.is_empty() {
			return Err(Error::<Test>::EmptyCode.into());
		}
		if !deployment.upload && !known {
			return Err(Error::<Test>::UnknownCode.into());
		}
		let Entry::Vacant(contract) = self.contracts.entry(address(who, code, salt)) else {
			return Err(Error::<Test>::AlreadyDeployed.into());
		};
		let price = price_with(if known { 0 } else { code.len() });
		let funds = self.funds.get_mut(who).expect("every account has an entry");
		let Some(rest) = funds.checked_sub(price) else {
			return Err(Error::<Test>::InsufficientBalance.into());
		};
		*funds = rest;
		self.codes.insert(hash, code.to_vec());
		self.listed.entry(who.clone()).or_default().push(*contract.key());
		contract.insert(ContractRecord {
			code_hash: hash,
			code_len: code.len() as u32,
			deployer: who.clone(),
			block_number: System::block_number(),
			timestamp: Timestamp::get(),
		});
		Ok(())
	}

	/// Applies the deployments in order and returns the first failure.
	fn apply_many(
		&mut self,
		who: &AccountId32,
		many: &[Deployment],
		failure: Failure,
	) -> DispatchResult {
		let before = self.clone();
		let mut first = Ok(());
		for deployment in many {
			let result = self.apply(who, deployment);
			first = first.and(result);
			match (result, failure) {
				(Ok(()), _) | (Err(_), Failure::IsSkipped) => (),
				(Err(_), Failure::Stops) => break,
				(Err(_), Failure::UndoesAll) => {
					*self = before;
					break;
				},
			}
		}
		first
	}

	fn run(&mut self, who: &AccountId32, step: &Step) {
		match step {
			Step::Direct(deployment) => {
				let expected = self.apply(who, deployment);
				assert_eq!(dispatch(who.clone(), deployment.call()), expected);
			},
			Step::Batch(many) => {
				// The batch succeeds; an event names the failure.
				let _ = self.apply_many(who, many, Failure::Stops);
				let calls = many.iter().map(Deployment::call).collect();
				assert_ok!(dispatch(who.clone(), pallet_utility::Call::batch { calls }.into()));
			},
			Step::BatchAll(many) => {
				let expected = self.apply_many(who, many, Failure::UndoesAll);
				let calls = many.iter().map(Deployment::call).collect();
				let call = pallet_utility::Call::batch_all { calls };
				assert_eq!(dispatch(who.clone(), call.into()), expected);
			},
			Step::ForceBatch(many) => {
				// The batch succeeds; events name the failures.
				let _ = self.apply_many(who, many, Failure::IsSkipped);
				let calls = many.iter().map(Deployment::call).collect();
				let call = pallet_utility::Call::force_batch { calls };
				assert_ok!(dispatch(who.clone(), call.into()));
			},
			Step::Proxy(deployment) => {
				let result = self.apply(who, deployment);
				let call = pallet_proxy::Call::proxy {
					real: who.clone(),
					force_proxy_type: None,
					call: deployment.call().into(),
				};
				assert_ok!(dispatch(NOBODY, call.into()));
				System::assert_last_event(pallet_proxy::Event::ProxyExecuted { result }.into());
			},
			Step::NextBlock => next_block(),
			Step::Impoverish(records) => {
				let funds = self.funds.get_mut(who).expect("every account has an entry");
				let keep = price_with(0) * Balance::from(*records);
				if let Some(value) = funds.checked_sub(keep) {
					*funds = keep;
					let to = TreasuryAccount::get();
					let origin = RuntimeOrigin::signed(who.clone());
					// The transfer fails if the treasury does not exist yet and would get too little.
					if Balances::transfer_keep_alive(origin, to, value).is_err() {
						*funds += value;
					}
				}
			},
		}
	}

	/// Panics if the store and the balances differ from the model.
	fn check(&self) {
		let codes = Codes::<Test>::iter().map(|(hash, code)| (hash, code.into_inner()));
		assert_eq!(codes.collect::<BTreeMap<_, _>>(), self.codes);
		assert_eq!(Contracts::<Test>::iter().collect::<BTreeMap<_, _>>(), self.contracts);
		for who in ACCOUNTS {
			let listed = self.listed.get(&who).cloned().unwrap_or_default();
			assert_eq!(
				ContractStore::contracts(who.clone(), 0, u32::MAX),
				ContractPage { items: listed, next: None }
			);
			assert_eq!(
				Balances::free_balance(&who) - EXISTENTIAL_DEPOSIT,
				self.funds[&who],
				"{who:?}"
			);
		}
	}
}

/// A chain on which `NOBODY` is the proxy of every account, and its model.
fn chain() -> (sp_io::TestExternalities, Model) {
	let mut chain = new_test_ext();
	let mut model = Model::default();
	chain.execute_with(|| {
		for who in ACCOUNTS {
			assert_ok!(Proxy::add_proxy(RuntimeOrigin::signed(who.clone()), NOBODY, (), 0));
			let funds = Balances::free_balance(&who) - EXISTENTIAL_DEPOSIT;
			model.funds.insert(who, funds);
		}
	});
	(chain, model)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	/// CTR-R11: no call changes an item that is already set, every invariant holds, and the store matches
	/// the specification.
	#[test]
	fn store_after_any_calls_keeps_its_items_and_matches_the_model(
		steps in prop::collection::vec(steps(), 1..40),
	) {
		let (mut chain, mut model) = chain();
		chain.execute_with(|| {
			let mut held = BTreeMap::new();
			for (who, step) in &steps {
				model.run(&ACCOUNTS[*who], step);
				let now = store();
				// The counts may change. They are the only items with keys of this length.
				for (key, value) in held.iter().filter(|(key, _): &(&Vec<u8>, _)| key.len() != 80) {
					assert_eq!(now.get(key), Some(value), "changed by {step:?}");
				}
				held = now;
				model.check();
				assert_eq!(ContractStore::do_try_state(), Ok(()));
			}
		});
	}

	/// CTR-R2: the address follows from its inputs, and inputs that differ in one bit have another.
	#[test]
	fn address_of_different_inputs_differs(
		inputs in any::<([u8; 32], [u8; 32], [u8; 32])>(),
		bit in 0..768_usize,
	) {
		let at = |(deployer, salt, hash): ([u8; 32], [u8; 32], [u8; 32])| {
			contract_address(&AccountId32::new(deployer), H256(salt), H256(hash))
		};
		let mut other = inputs;
		let byte = match bit / 256 {
			0 => &mut other.0[bit % 256 / 8],
			1 => &mut other.1[bit % 256 / 8],
			_ => &mut other.2[bit % 256 / 8],
		};
		*byte ^= 1 << (bit % 8);
		prop_assert_eq!(at(inputs), at(inputs));
		prop_assert_ne!(at(inputs), at(other));
	}
}
