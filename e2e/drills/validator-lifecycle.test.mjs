// A validator comes, earns, is replaced and leaves, while the chain goes on; dpos_* tell of it what the state says.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeAddress } from '@polkadot/util-crypto';
import {
	TOS,
	account,
	agreement,
	connect,
	development,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	patiently,
	rawCall,
	rawSubscribe,
	sign,
	submit,
} from '../lib/chain.mjs';
import { Chronicle } from '../lib/chronicle.mjs';
import { gtos, startLocalnet, startNode, temporaryFolder } from '../lib/node.mjs';
import { localSpec } from '../lib/spec.mjs';

const TIMING = {
	slotDurationMs: 500,
	sessionLengthBlocks: 6,
	sessionsPerEra: 2,
	bondingDurationEras: 2,
	slashDeferDurationEras: 1,
	hourBlocks: 20,
};
const { sessionLengthBlocks: L, sessionsPerEra: E } = TIMING;

const FUNDS = 1_000n * TOS;
const BOND = 500n * TOS;
// Keys that its operator makes outside the node.
const HANDMADE = 'handmade';
const COMMISSION = 100_000_000;
const BACKING = 4_000_000n * TOS;

// A network whose finality stands still has long left this behind.
const MOST_LAG = 10;

const JUSTIFICATIONS = [
	'grandpa_subscribeJustifications',
	'grandpa_justifications',
	'grandpa_unsubscribeJustifications',
];

const dpos = (api, method, ...params) => rawCall(api, `dpos_${method}`, ...params);

/** `a / b` in parts of 10^9, and such a part of an amount, as specs/economics.md has them. */
const part = (a, b) => (b === 0n || a > b ? 10n ** 9n : (a * 10n ** 9n) / b);
const of = (fraction, amount) => (fraction * amount + 499_999_999n) / 10n ** 9n;

/** Reads what dpos_getValidators has to answer from the state of staking, session and the rest. */
async function validatorsInState(api, hash) {
	const { query } = await api.at(hash);
	const [era, validators, disabled, aura, grandpa, slots, candidates] = await Promise.all([
		query.staking.activeEra(),
		query.session.validators(),
		query.session.disabledValidators(),
		query.aura.authorities(),
		query.grandpa.authorities(),
		query.liveness.currentCounts(),
		query.staking.validators.keys(),
	]);
	const { index } = era.unwrap();
	const points = await pointsInState(query, index);
	const isCandidate = new Set(candidates.map(({ args: [stash] }) => stash.toString()));
	const isDisabled = new Set(disabled.map(([position]) => position.toNumber()));
	return Promise.all(
		validators.map(async (stash, position) => {
			const [exposure, prefs] = await Promise.all([
				query.staking.erasStakersOverview(index, stash),
				query.staking.erasValidatorPrefs(index, stash),
			]);
			return {
				account: stash.toString(),
				status: isDisabled.has(position) ? 'disabled' : 'active',
				isCandidate: isCandidate.has(stash.toString()),
				ownStake: exposure.unwrap().own.toString(),
				totalStake: exposure.unwrap().total.toString(),
				commission: prefs.commission.toNumber(),
				keys: { aura: aura[position].toHex(), grandpa: grandpa[position][0].toHex() },
				produced: slots[position]?.produced.toNumber() ?? 0,
				missed: slots[position]?.missed.toNumber() ?? 0,
				eraPoints: points.get(stash.toString()) ?? 0,
			};
		}),
	);
}

async function pointsInState(query, era) {
	const { individual } = await query.staking.erasRewardPoints(era);
	return new Map([...individual].map(([stash, points]) => [stash.toString(), points.toNumber()]));
}

/** What RPC-R28 says of block `number`, from the state after it; nothing is forced on this chain. */
async function epochInState(api, { hash, number, session, era, plannedEra }) {
	const { query } = await api.at(hash);
	const start = async (index) => (await query.staking.erasStartSessionIndex(index)).unwrap().toNumber();
	const nextEraSession = plannedEra > era ? await start(plannedEra) : Math.max((await start(era)) + E, session + 2);
	return {
		session,
		sessionProgress: number % L,
		sessionLength: L,
		era,
		eraProgress: session - (await start(era)),
		sessionsPerEra: E,
		nextSessionBlock: (Math.floor(number / L) + 1) * L,
		nextEraSession,
		nextEraBlock: nextEraSession * L,
	};
}

/** What the validator and its nominator get for an era (ECO-R6), and whether it has been paid. */
async function rewardOfEra(query, era, stash) {
	const [exposure, payout, { total: allPoints }, prefs, claimed] = await Promise.all([
		query.staking.erasStakersOverview(era, stash),
		query.staking.erasValidatorReward(era),
		query.staking.erasRewardPoints(era),
		query.staking.erasValidatorPrefs(era, stash),
		query.staking.claimedRewards(era, stash),
	]);
	const points = (await pointsInState(query, era)).get(stash);
	if (exposure.isNone || points === undefined) return { own: 0n, ofNominators: 0n, isClaimed: false };
	const [own, total] = [exposure.unwrap().own.toBigInt(), exposure.unwrap().total.toBigInt()];
	const whole = of(part(BigInt(points), allPoints.toBigInt()), payout.unwrap().toBigInt());
	const commission = of(prefs.commission.toBigInt(), whole);
	return {
		own: of(part(own, total), whole - commission) + commission,
		ofNominators: of(part(total - own, total), whole - commission),
		isClaimed: claimed.length > 0,
	};
}

/** What RPC-R27 says of the validator's rewards, from the state after block `hash`. */
async function rewardsInState(api, hash, stash) {
	const { query } = await api.at(hash);
	const era = (await query.staking.activeEra()).unwrap().index.toNumber();
	const rewards = await Promise.all(Array.from({ length: era }, (_, index) => rewardOfEra(query, index, stash)));
	const sum = (parts) => parts.reduce((total, { own }) => total + own, 0n).toString();
	return { fromEra: 0, earned: sum(rewards), claimed: sum(rewards.filter(({ isClaimed }) => isClaimed)) };
}

/** Slots that each validator of the session has used and missed after the last of `records`, one a height. */
function slotsInHeaders(records) {
	const { number, validators } = records.at(-1);
	const counts = validators.map(() => ({ produced: 0, missed: 0 }));
	const first = Math.floor(number / L) * L + 1;
	for (let height = first; height <= number; height++) {
		const [previous, record] = [records[height - 1], records[height]];
		for (let slot = (previous.slot ?? record.slot - 1n) + 1n; slot < record.slot; slot++) {
			counts[Number(slot % BigInt(validators.length))].missed++;
		}
		counts[validators.indexOf(record.author)].produced++;
	}
	return counts;
}

describe('the life of a validator', () => {
	const stash = newAccount();
	const payee = newAccount();
	const nominator = newAccount();
	let spec;
	let base;
	let network;
	let fourth;
	let apis = [];
	let api;
	let chronicle;
	let endJustifications;
	// What one test leaves to the next: each is a chapter.
	let firstEra;
	let replaced;

	async function send(signer, ...calls) {
		const call = calls.length > 1 ? api.tx.utility.batchAll(calls) : calls[0];
		const nonce = await nextNonce(api, signer);
		const outcome = await submit(api, sign(api, call, signer, { nonce }));
		assert.equal(outcome.error, null);
		return outcome;
	}

	/** What of the stash's money is free and what is held, after block `hash`. */
	async function balances(hash) {
		const { data } = await (await api.at(hash)).query.system.account(stash.address);
		return { free: data.free.toBigInt(), reserved: data.reserved.toBigInt() };
	}

	const validator = (hash, address = stash.address) => dpos(api, 'getValidator', address, hash);

	/** The authorities that voted for a final block, from the justification of block `number` or a later one. */
	function votersFrom(number) {
		const heard = new Promise((resolve) => {
			const tell = (encoded) => {
				const { commit } = api.createType('GrandpaJustification', encoded);
				if (commit.targetNumber.toNumber() >= number) resolve(commit.precommits.map(({ id }) => id.toHex()));
			};
			rawSubscribe(api, JUSTIFICATIONS, [], tell).then((end) => (endJustifications = end));
		});
		return patiently(heard, 'a justification').finally(() => endJustifications());
	}

	before(async () => {
		spec = await localSpec((genesis) => {
			genesis.genesisParameters.timing = TIMING;
		});
		network = await startLocalnet({ chain: spec });
		apis = await Promise.all(network.nodes.map(({ rpc }) => connect(rpc)));
		[api] = apis;

		base = temporaryFolder();
		const nodeKey = join(base, 'node-key');
		await gtos('key', 'generate-node-key', '--chain', spec, '--file', nodeKey);
		const addresses = await Promise.all(apis.map((node) => node.rpc.system.localListenAddresses()));
		fourth = await startNode([
			...['--chain', spec, '--validator', '--name', 'fourth', '--base-path', base, '--node-key-file', nodeKey],
			...['--reserved-nodes', ...addresses.map(([address]) => address.toString())],
		]);
		apis.push(await connect(fourth.rpc));
		await finalisedHeight(apis[3], 1);

		chronicle = await new Chronicle(api, async (record, previous) => {
			const { hash, number } = record;
			const [validators, epoch, snapshot] = await Promise.all([
				dpos(api, 'getValidators', hash),
				dpos(api, 'getEpochInfo', hash),
				dpos(api, 'getSnapshot', hash),
			]);
			assert.deepEqual(validators, await validatorsInState(api, hash), `validators at height ${number}`);
			assert.deepEqual(epoch, await epochInState(api, record), `epoch at height ${number}`);
			const { session, era, setId } = record;
			assert.deepEqual(snapshot, { blockHash: hash, blockNumber: number, session, era, setId, validators });
			assert.deepEqual(
				validators.map(({ produced, missed }) => ({ produced, missed })),
				slotsInHeaders([...chronicle.records, record]),
				`slots at height ${number}`,
			);
			// What was told before the change is what came.
			if (record.era !== previous?.era && previous) {
				assert.equal((await dpos(api, 'getEpochInfo', previous.hash)).nextEraBlock, number);
			}
		}).start();
	});

	after(async () => {
		chronicle?.stop();
		await Promise.all(apis.map((node) => node.disconnect()));
		await fourth?.stop();
		network?.stop();
	});

	it('bonds, sets keys that its node has made and proved, and stands for election', async () => {
		await fund(api, [
			[stash, FUNDS],
			[nominator, BACKING + TOS],
		]);
		assert.equal(await validator(), null);
		const { keys, proof } = await rawCall(
			apis[3],
			'author_rotateKeysWithOwner',
			`0x${Buffer.from(stash.publicKey).toString('hex')}`,
		);
		const bonded = await send(
			stash,
			api.tx.staking.bond(BOND, { Account: payee.address }),
			api.tx.session.setKeys(keys, proof),
		);
		const outside = {
			account: stash.address,
			status: 'chilled',
			isCandidate: false,
			ownStake: BOND.toString(),
			totalStake: BOND.toString(),
			commission: null,
			keys: { aura: keys.slice(0, 66), grandpa: `0x${keys.slice(66)}` },
			produced: 0,
			missed: 0,
			eraPoints: 0,
			rewards: { fromEra: 0, earned: '0', claimed: '0' },
		};
		assert.deepEqual(await validator(bonded.hash), outside);

		const candidate = await send(stash, api.tx.staking.validate({ commission: COMMISSION, blocked: false }));
		assert.deepEqual(await validator(candidate.hash), {
			...outside,
			status: 'waiting',
			isCandidate: true,
			commission: COMMISSION,
		});
	});

	it('is elected by the stake of its nominator and takes over with the block after a rotation', async () => {
		const { number } = await send(
			nominator,
			api.tx.staking.bond(BACKING, 'Stash'),
			api.tx.staking.nominate([stash.address]),
		);
		const isIn = ({ validators }) => validators.includes(stash.address);
		const takeOver = await chronicle.until(isIn, 'the fourth validator to be elected', number);
		firstEra = takeOver.era;
		const former = chronicle.records[takeOver.number - 1];
		assert.equal(takeOver.number % L, 0);
		assert.deepEqual([takeOver.era, takeOver.setId], [former.era + 1, former.setId + 1]);
		assert.equal(takeOver.validators.length, 3);
		[replaced] = former.validators.filter((address) => !takeOver.validators.includes(address));
		assert.notEqual(takeOver.author, stash.address);
		assert.equal((await validator(takeOver.hash, replaced)).status, 'waiting');

		const { status, ownStake, totalStake } = await validator(takeOver.hash);
		assert.equal(status, 'active');
		// An election counts in votes, of which each stands for a few units.
		const issuance = (await (await api.at(former.hash)).query.balances.totalIssuance()).toBigInt();
		for (const [counted, bonded] of [
			[BigInt(ownStake), BOND],
			[BigInt(totalStake), BOND + BACKING],
		]) {
			const lost = bonded - counted;
			assert.ok(lost >= 0n && lost <= 2n * (issuance / 2n ** 64n), `${lost} units are lost`);
		}
	});

	it('authors blocks and votes for them', async () => {
		const isIts = ({ author }) => author === stash.address;
		const { hash, number } = await chronicle.until(isIts, 'a block of the fourth validator');
		const { keys } = await validator(hash);
		assert.ok((await votersFrom(number)).includes(keys.grandpa));
	});

	it('is paid for the eras it has served, and its nominator too', async () => {
		const { era, hash } = await chronicle.until(({ era }) => era > firstEra, 'its first era to end');
		const earlier = await validator(hash);
		assert.deepEqual(earlier.rewards, await rewardsInState(api, hash, stash.address));
		assert.ok(BigInt(earlier.rewards.earned) > 0n);
		assert.equal(earlier.rewards.claimed, '0');

		const { query } = await api.at(hash);
		const { own, ofNominators } = await rewardOfEra(query, era - 1, stash.address);
		const paid = await send(development('Alice'), api.tx.staking.payoutStakers(stash.address, era - 1));
		const rewarded = paid.events
			.filter((event) => api.events.staking.Rewarded.is(event))
			.map(({ data }) => [data.stash.toString(), data.amount.toBigInt()]);
		assert.deepEqual(rewarded, [
			[stash.address, own],
			[nominator.address, ofNominators],
		]);
		assert.equal((await account(api, payee, paid.hash)).free, own);
		const { rewards } = await validator(paid.hash);
		assert.equal(rewards.claimed, own.toString());
		assert.deepEqual(rewards, await rewardsInState(api, paid.hash, stash.address));
	});

	it('goes on with keys made by hand and proved offline, two sessions later', async () => {
		const common = ['--chain', spec, '--base-path', base];
		const [aura, grandpa] = await Promise.all(
			[
				['aura', 'sr25519'],
				['gran', 'ed25519'],
			].map(async ([keyType, scheme]) => {
				const suri = `//${HANDMADE}`;
				await gtos('key', 'insert', ...common, '--key-type', keyType, '--scheme', scheme, '--suri', suri);
				return development(HANDMADE, scheme).address;
			}),
		);
		const { keys, proof } = JSON.parse(
			await gtos(
				...['key', 'prove-ownership', ...common, '--owner', stash.address],
				...['--aura', aura, '--grandpa', grandpa],
			),
		);
		const auraKey = keys.slice(0, 66);
		const { hash, number } = await send(stash, api.tx.session.setKeys(keys, proof));
		// In force are the old ones still.
		assert.notEqual((await validator(hash)).keys.aura, auraKey);

		const changed = await chronicle.until(({ auraKeys }) => auraKeys.includes(auraKey), 'the new keys', number);
		assert.equal(changed.session, Math.floor(number / L) + 2);
		const { keys: inForce } = await validator(changed.hash);
		assert.deepEqual(inForce, { aura: auraKey, grandpa: `0x${keys.slice(66)}` });
		const isIts = ({ author }) => author === stash.address;
		const block = await chronicle.until(isIts, 'a block with the new key', changed.number + 1);
		assert.ok((await votersFrom(block.number)).includes(inForce.grandpa));
	});

	it('outvoted, serves to the end of its era and waits again', async () => {
		const { number } = await send(nominator, api.tx.staking.nominate([replaced]));
		const isOut = ({ validators }) => !validators.includes(stash.address);
		const out = await chronicle.until(isOut, 'the fourth validator to be replaced', number);
		assert.equal(out.number % L, 0);
		assert.equal(out.era, chronicle.records[out.number - 1].era + 1);
		assert.ok(out.validators.includes(replaced));
		const { status, isCandidate, rewards } = await validator(out.hash);
		assert.deepEqual([status, isCandidate], ['waiting', true]);
		assert.deepEqual(rewards, await rewardsInState(api, out.hash, stash.address));
	});

	it('chills, unbonds, and withdraws when the bonding is over', async () => {
		const chilled = await send(stash, api.tx.staking.chill(), api.tx.staking.unbond(BOND));
		const { status, isCandidate, commission, ownStake } = await validator(chilled.hash);
		assert.deepEqual([status, isCandidate, commission, ownStake], ['chilled', false, null, '0']);

		const early = await send(stash, api.tx.staking.withdrawUnbonded(0));
		const ledger = (await (await api.at(early.hash)).query.staking.ledger(stash.address)).unwrap();
		assert.equal(ledger.total.toBigInt(), BOND);
		const [{ era }] = ledger.unlocking;
		const { plannedEra } = await chronicle.until(({ number }) => number === chilled.number, 'its record');
		assert.equal(era.toNumber(), plannedEra + TIMING.bondingDurationEras);

		await chronicle.until((record) => record.plannedEra >= era.toNumber(), 'the bonding to be over');
		const { hash, fee } = await send(stash, api.tx.staking.withdrawUnbonded(0), api.tx.session.purgeKeys());
		assert.equal(await validator(hash), null);
		const { query } = await api.at(hash);
		assert.ok((await query.staking.ledger(stash.address)).isNone);
		// All of it is free again, but for the fee: it authors no more, so that this block pays it nothing.
		const { parentHash } = await api.rpc.chain.getHeader(hash);
		const [held, free] = await Promise.all([parentHash, hash].map((at) => balances(at)));
		assert.deepEqual(free, { free: held.free + held.reserved - fee, reserved: 0n });
	});

	it('is told of in the forms and with the errors of every method', async () => {
		const failure = async (call) => {
			try {
				await call;
			} catch ({ code, data }) {
				return { code, data };
			}
			return assert.fail('it was answered');
		};
		const digits = `0x${Buffer.from(development('Alice//stash').publicKey).toString('hex')}`;
		const { hash } = chronicle.last;
		const alice = await validator(hash, development('Alice//stash').address);
		assert.deepEqual(await dpos(api, 'getValidator', digits, hash), alice);
		assert.ok(Array.isArray(await dpos(api, 'getValidators')));
		assert.ok(Array.isArray(await dpos(api, 'getValidators', null)));
		const unreadable = encodeAddress(stash.publicKey, 0);
		assert.deepEqual(await failure(dpos(api, 'getValidator', unreadable)), { code: 10001, data: 'account' });
		const nowhere = `0x${'00'.repeat(32)}`;
		for (const method of ['getValidators', 'getEpochInfo', 'getSnapshot']) {
			assert.deepEqual(await failure(dpos(api, method, nowhere)), { code: 10003, data: nowhere });
			assert.deepEqual(await failure(dpos(api, method, 7)), { code: 10001, data: 'at' });
		}
	});

	it('all the while finality went on, and all nodes agree on every block', async () => {
		// The chronicle has held every height against the rules and against dpos_*.
		const { number: seen } = chronicle.last;
		const { number } = await chronicle.until((record) => record.number > seen, 'one more block');
		assert.ok(chronicle.lag <= MOST_LAG, `${chronicle.lag} blocks waited to be final`);
		await Promise.all(apis.map((node) => finalisedHeight(node, number)));
		for (let height = 0; height <= number; height++) {
			assert.equal((await agreement(apis, height)).hash, chronicle.records[height].hash);
		}
	});
});
