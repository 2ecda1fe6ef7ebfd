//! Compares the pallet with a plain map over long random sequences of operations. Both have to agree
//! on reads, statistics, errors and balances, and every invariant has to hold after each block.
//!
//! `GTOS_TTL_KV_OPERATIONS` sets the number of operations (default 20,000) and `GTOS_TTL_KV_SEED` the
//! seed of the sequence.

use super::*;
use crate::{EntryMetadata, EntryPage, Statistics};
use sp_io::hashing::blake2_128;
use std::collections::BTreeMap;

const OWNERS: u8 = 4;
const KEYS: u8 = 40;
const MAX_TTL: u32 = 5_000;
const MAX_VALUE: usize = 16_384;
/// Operations between two commits of the test's overlay. Until a commit, the overlay keeps removed
/// items, and iterators have to step over them.
const OPERATIONS_PER_COMMIT: u64 = 1_000;

/// SplitMix64, a small generator that gives the same sequence on every machine.
struct Random(u64);

impl Random {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut mixed = self.0;
		mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		mixed ^ (mixed >> 31)
	}

	fn below(&mut self, bound: u32) -> u32 {
		u32::try_from(self.next() % u64::from(bound)).expect("it is below a u32")
	}

	fn one_in(&mut self, bound: u32) -> bool {
		self.below(bound) == 0
	}

	fn byte_below(&mut self, bound: u8) -> u8 {
		u8::try_from(self.below(bound.into())).expect("it is below a u8")
	}
}

#[derive(Clone, Debug)]
struct Stored {
	value: Vec<u8>,
	expires_at: u32,
	created_at: u32,
	revision: u64,
}

impl Stored {
	fn rent(&self, key: &[u8], now: u32) -> u128 {
		rent(key.len(), self.value.len(), self.expires_at - now)
	}
}

/// Expected content of the store: entries by owner and key. Dead entries stay until the pallet has
/// swept them.
struct Model {
	now: u32,
	entries: BTreeMap<(u8, Vec<u8>), Stored>,
	last_revision: u64,
	spendable: BTreeMap<u8, u128>,
}

type Outcome = Result<(), &'static str>;

impl Model {
	fn live(&self, owner: u8, key: &[u8]) -> Option<&Stored> {
		self.entries.get(&(owner, key.to_vec())).filter(|entry| self.now < entry.expires_at)
	}

	fn dead(&self) -> impl Iterator<Item = (&(u8, Vec<u8>), &Stored)> {
		self.entries.iter().filter(|(_, entry)| entry.expires_at <= self.now)
	}

	fn check_key(key: &[u8]) -> Outcome {
		match key.len() {
			0 => Err("EmptyKey"),
			1..=128 => Ok(()),
			_ => Err("KeyTooLong"),
		}
	}

	fn check_ttl(ttl: u32) -> Outcome {
		if (1..=MAX_TTL).contains(&ttl) {
			Ok(())
		} else {
			Err("TtlOutOfRange")
		}
	}

	fn pay(&mut self, owner: u8, charge: u128) -> Outcome {
		let spendable = self.spendable.entry(owner).or_default();
		*spendable = spendable.checked_sub(charge).ok_or("InsufficientBalance")?;
		Ok(())
	}

	fn put(
		&mut self,
		owner: u8,
		key: &[u8],
		value: &[u8],
		ttl: u32,
		condition: Option<&Condition>,
	) -> Outcome {
		Self::check_key(key)?;
		match value.len() {
			0 => return Err("EmptyValue"),
			1..=MAX_VALUE => (),
			_ => return Err("ValueTooLong"),
		}
		Self::check_ttl(ttl)?;
		let found = self.live(owner, key).cloned();
		match (condition, &found) {
			(Some(Condition::Absent), Some(_)) => return Err("EntryExists"),
			(Some(Condition::Revision(revision)), found)
				if found.as_ref().map(|entry| entry.revision) != Some(*revision) =>
			{
				return Err("RevisionMismatch")
			},
			_ => (),
		}
		let new = Stored {
			value: value.to_vec(),
			expires_at: self.now + ttl,
			created_at: found.as_ref().map_or(self.now, |entry| entry.created_at),
			revision: self.last_revision + 1,
		};
		let left = found.map_or(0, |entry| entry.rent(key, self.now));
		self.pay(owner, new.rent(key, self.now).saturating_sub(left))?;
		self.last_revision += 1;
		self.entries.insert((owner, key.to_vec()), new);
		Ok(())
	}

	fn extend(&mut self, owner: u8, key: &[u8], ttl: u32) -> Outcome {
		Self::check_key(key)?;
		Self::check_ttl(ttl)?;
		let old = self.live(owner, key).cloned().ok_or("EntryNotFound")?;
		let new = Stored { expires_at: old.expires_at.max(self.now + ttl), ..old.clone() };
		self.pay(owner, new.rent(key, self.now) - old.rent(key, self.now))?;
		self.entries.insert((owner, key.to_vec()), new);
		Ok(())
	}

	fn delete(&mut self, owner: u8, key: &[u8]) -> Outcome {
		Self::check_key(key)?;
		self.live(owner, key).ok_or("EntryNotFound")?;
		self.entries.remove(&(owner, key.to_vec()));
		Ok(())
	}

	fn metadata(&self, owner: u8, key: &[u8]) -> Option<EntryMetadata<u32>> {
		self.live(owner, key).map(|entry| EntryMetadata {
			value_len: u32::try_from(entry.value.len()).expect("it is short"),
			expires_at: entry.expires_at,
			created_at: entry.created_at,
			revision: entry.revision,
			remaining_blocks: entry.expires_at - self.now,
		})
	}

	/// All live entries of `owner` under `prefix`, in the order that a list has.
	fn list(&self, owner: u8, prefix: &[u8]) -> Vec<(Vec<u8>, EntryMetadata<u32>)> {
		let mut items = self
			.entries
			.keys()
			.filter(|(other, key)| *other == owner && key.starts_with(prefix))
			.filter_map(|(_, key)| Some((key.clone(), self.metadata(owner, key)?)))
			.collect::<Vec<_>>();
		items.sort_by_key(|(key, _)| blake2_128(&codec::Encode::encode(key)));
		items
	}

	fn statistics(&self) -> Statistics {
		let bytes = self.entries.iter().map(|((_, key), entry)| key.len() + entry.value.len());
		Statistics {
			entries: self.entries.len() as u64,
			bytes: bytes.sum::<usize>() as u64,
			backlog: self.dead().count() as u64,
			last_revision: self.last_revision,
			next: None,
		}
	}

	/// Removes the dead entries that the pallet no longer stores and returns their number. Panics if
	/// they are not the ones that ended first.
	fn remove_swept(&mut self) -> usize {
		let (gone, left): (Vec<_>, Vec<_>) = self
			.dead()
			.map(|((owner, key), entry)| ((*owner, key.clone()), entry.expires_at))
			.partition(|((owner, key), _)| super::stored(&account(*owner), key).is_none());
		let last_gone = gone.iter().map(|(_, height)| *height).max();
		let first_left = left.iter().map(|(_, height)| *height).min();
		if let (Some(last_gone), Some(first_left)) = (last_gone, first_left) {
			assert!(last_gone <= first_left, "{last_gone} was swept before {first_left}");
		}
		for (name, _) in &gone {
			self.entries.remove(name);
		}
		gone.len()
	}
}

fn account(owner: u8) -> AccountId32 {
	AccountId32::new([100 + owner; 32])
}

/// Key number `number`. Eight consecutive keys have different lengths and the same first byte.
fn key(number: u8) -> Vec<u8> {
	let lengths = [1, 2, 32, 63, 64, 65, 127, 128];
	let mut key = vec![number / 8; lengths[usize::from(number % 8)]];
	if let Some(last) = key.get_mut(1..).and_then(|rest| rest.last_mut()) {
		*last = number;
	}
	key
}

fn random_key(random: &mut Random) -> Vec<u8> {
	match random.below(200) {
		0 => vec![],
		1 => vec![0; 129],
		_ => key(random.byte_below(KEYS)),
	}
}

fn random_value(random: &mut Random) -> Vec<u8> {
	let len = match random.below(300) {
		0 => MAX_VALUE + 1,
		1 => MAX_VALUE,
		2 => 0,
		_ => 1 + random.below(100) as usize,
	};
	vec![random.byte_below(255); len]
}

/// A lifetime that is mostly short. Almost half of them end at a multiple of 40, so that many entries
/// end at one height.
fn random_ttl(random: &mut Random, now: u32) -> u32 {
	match random.below(100) {
		0 => 0,
		1 => MAX_TTL + 1,
		2 => MAX_TTL,
		3 => u32::MAX,
		4..=49 => 40 - now % 40,
		_ => 1 + random.below(30),
	}
}

fn outcome(result: DispatchResult) -> Outcome {
	result.map_err(|error| error.into())
}

/// Prints the seed if the test fails.
struct PrintSeedOnPanic(u64);

impl Drop for PrintSeedOnPanic {
	fn drop(&mut self) {
		if std::thread::panicking() {
			eprintln!("to repeat this run, set GTOS_TTL_KV_SEED={}", self.0);
		}
	}
}

fn setting(name: &str, default: u64) -> u64 {
	std::env::var(name).map_or(default, |value| value.parse().expect("it is a number"))
}

fn run_operation(random: &mut Random, model: &mut Model) {
	let owner = random.byte_below(OWNERS);
	let key = random_key(random);
	let signer = account(owner);
	let ttl = random_ttl(random, model.now);
	match random.below(100) {
		0..=44 => {
			let value = random_value(random);
			let expected = model.put(owner, &key, &value, ttl, None);
			assert_eq!(outcome(put(signer, &key, &value, ttl)), expected);
		},
		45..=59 => {
			let value = random_value(random);
			let condition = match random.below(4) {
				0 | 1 => Condition::Absent,
				2 => Condition::Revision(random.next() % (model.last_revision + 2)),
				_ => Condition::Revision(model.live(owner, &key).map_or(0, |e| e.revision)),
			};
			let expected = model.put(owner, &key, &value, ttl, Some(&condition));
			assert_eq!(outcome(put_if(signer, &key, &value, ttl, condition)), expected);
		},
		60..=79 => {
			let expected = model.extend(owner, &key, ttl);
			assert_eq!(outcome(extend(signer, &key, ttl)), expected);
		},
		80..=89 => {
			let expected = model.delete(owner, &key);
			assert_eq!(outcome(delete(signer, &key)), expected);
		},
		90..=98 => {
			let expected = model.live(owner, &key).map(|entry| entry.value.clone());
			assert_eq!(get(&signer, &key), expected);
		},
		_ => {
			let funds = u128::from(random.below(100_000_000));
			set_free(&signer, DEPOSIT + funds);
			model.spendable.insert(owner, funds);
		},
	}
}

/// Ends the block with a random weight left and begins a later one, mostly the next. Returns how many
/// entries that block has swept at its beginning.
fn run_hooks(random: &mut Random, model: &mut Model, swept_first: usize) -> usize {
	let idle = match random.below(4) {
		0 | 1 => Weight::zero(),
		2 => TtlKv::removal_weight().saturating_mul(random.below(20).into()),
		_ => Weight::MAX,
	};
	end_block(idle);
	let swept = swept_first + model.remove_swept();
	if idle == Weight::MAX {
		assert_eq!(model.dead().count(), 0);
	}
	let pruned = events().into_iter().filter_map(|event| match event {
		Event::Pruned { count } => Some(count as usize),
		_ => None,
	});
	assert_eq!(pruned.collect::<Vec<_>>(), if swept > 0 { vec![swept] } else { vec![] });
	assert_invariants();

	model.now += if random.one_in(50) { 1 + random.below(20) } else { 1 };
	let quota = 1 + random.below(30);
	SweepQuota::set(quota);
	let dead = model.dead().count();
	begin_block(model.now);
	let swept = model.remove_swept();
	assert_eq!(swept, dead.min(quota as usize));
	swept
}

/// Statistics with the backlog that all answers together count.
fn statistics_of_all_answers() -> Statistics {
	let mut all = TtlKv::statistics(None);
	while let Some(start) = all.next {
		let Statistics { backlog, next, .. } = TtlKv::statistics(Some(start));
		all.backlog += backlog;
		all.next = next;
	}
	all
}

fn compare_reads(random: &mut Random, model: &Model) {
	MaxQueryBytes::set(1 + random.below(5_000));
	MaxBacklogScan::set(1 + random.below(10));
	assert_eq!(statistics_of_all_answers(), model.statistics());
	for owner in 0..OWNERS {
		assert_eq!(free(&account(owner)) - DEPOSIT, model.spendable[&owner]);
		for number in 0..KEYS {
			let key = key(number);
			assert_eq!(
				get(&account(owner), &key),
				model.live(owner, &key).map(|entry| entry.value.clone())
			);
			assert_eq!(TtlKv::metadata(&account(owner), key.clone()), model.metadata(owner, &key));
		}
	}
	let owner = random.byte_below(OWNERS);
	let prefix = if random.one_in(2) { vec![] } else { vec![random.byte_below(KEYS / 8)] };
	MaxPageScan::set(1 + random.below(60));
	let limit = 1 + random.below(12);
	let (mut listed, mut start) = (vec![], None);
	loop {
		let EntryPage { items, next } = TtlKv::list(&account(owner), &prefix, start, limit);
		assert!(items.len() <= limit as usize);
		listed.extend(items);
		if next.is_none() {
			break;
		}
		start = next;
	}
	assert_eq!(listed, model.list(owner, &prefix));
}

/// TTL-R1 to TTL-R20, TTL-I1 to TTL-I5: the store is a map with expiry.
#[test]
fn store_after_random_operations_matches_the_model() {
	let operations = setting("GTOS_TTL_KV_OPERATIONS", 20_000);
	let seed = setting("GTOS_TTL_KV_SEED", 5);
	let _print_seed = PrintSeedOnPanic(seed);
	let mut random = Random(seed);
	let mut chain = new_chain();
	let mut model = Model {
		now: 1,
		entries: BTreeMap::new(),
		last_revision: 0,
		spendable: (0..OWNERS).map(|owner| (owner, 1_000_000_000_000)).collect(),
	};
	chain.execute_with(|| {
		MaxTtl::set(MAX_TTL);
		SweepWeight::set(Weight::MAX);
		for (owner, funds) in &model.spendable {
			set_free(&account(*owner), DEPOSIT + funds);
		}
	});
	let mut swept = 0;
	let mut left = operations;
	while left > 0 {
		let now = left.min(OPERATIONS_PER_COMMIT);
		chain.execute_with(|| {
			for _ in 0..now {
				run_operation(&mut random, &mut model);
				if random.one_in(20) {
					compare_reads(&mut random, &model);
					swept = run_hooks(&mut random, &mut model, swept);
				}
			}
		});
		chain.commit_all().expect("no transaction is open");
		left -= now;
	}

	// Once every entry has ended, nothing is left.
	chain.execute_with(|| {
		end_block(Weight::zero());
		model.now += MAX_TTL + 40;
		begin_block(model.now);
		end_block(Weight::MAX);
		model.remove_swept();
		assert_eq!(model.entries.len(), 0);
		compare_reads(&mut random, &model);
		assert_invariants();
		assert_eq!(super::sweep::keys_of_entries_and_index(), 0);
	});
}
