// A validator joins, earns rewards, is replaced and leaves while the chain continues. The results of
// dpos_* agree with the state.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { u8aToHex } from '@polkadot/util';
import { encodeAddress } from '@polkadot/util-crypto';
import {
	TOS,
	account,
	agreement,
	development,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	rawCall,
	rawSubscribe,
	rpcError,
	sign,
	submit,
	withTimeout,
} from '../lib/chain.mjs';
import { ChainHistory } from '../lib/chain-history.mjs';
import { dpos, epochInState, rewardOfEra, rewardsInState, slotsInHeaders, validatorsInState } from '../lib/dpos.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { gtos, temporaryFolder } from '../lib/node.mjs';
import { editedSpec } from '../lib/spec.mjs';

const TIMING = {
	slotDurationMs: 500,
	sessionLengthBlocks: 6,
	sessionsPerEra: 2,
	bondingDurationEras: 2,
	slashDeferDurationEras: 1,
	hourBlocks: 20,
};
const { sessionLengthBlocks: sessionLength } = TIMING;

const FUNDS = 1_000n * TOS;
const BOND = 500n * TOS;
// The name from which the operator derives the keys that are made outside the node.
const HANDMADE = 'handmade';
const COMMISSION = 100_000_000;
const BACKING = 4_000_000n * TOS;

// If finality stalls, the distance between the best and the last finalised block soon exceeds this limit.
const MOST_LAG = 10;

const JUSTIFICATIONS = [
	'grandpa_subscribeJustifications',
	'grandpa_justifications',
	'grandpa_unsubscribeJustifications',
];

describe('the life of a validator', () => {
	const stash = newAccount();
	const payee = newAccount();
	const nominator = newAccount();
	let spec;
	let base;
	let network;
	let fourth;
	let apis;
	let api;
	let history;
	let endJustifications;
	// The tests are successive stages of the validator's life, which share these variables.
	let firstEra;
	let replaced;

	async function send(signer, ...calls) {
		const call = calls.length > 1 ? api.tx.utility.batchAll(calls) : calls[0];
		const nonce = await nextNonce(api, signer);
		const outcome = await submit(api, sign(api, call, signer, { nonce }));
		assert.equal(outcome.error, null);
		return outcome;
	}

	/** Free and held balance of the stash after block `hash`. */
	async function balances(hash) {
		const { data } = await (await api.at(hash)).query.system.account(stash.address);
		return { free: data.free.toBigInt(), reserved: data.reserved.toBigInt() };
	}

	const validator = (hash, address = stash.address) => dpos(api, 'getValidator', address, hash);

	/** What the validator and its nominator are paid in the first block after `number` that pays them (ECO-R10). */
	async function payoutAfter(number) {
		for (let next = number + 1; next <= number + sessionLength; next++) {
			const { hash } = await history.until(() => true, 'a payout', next);
			const { query } = await api.at(hash);
			const rewarded = (await query.system.events())
				.map(({ event }) => event)
				.filter((event) => api.events.staking.Rewarded.is(event))
				.map(({ data }) => [data.stash.toString(), data.amount.toBigInt()])
				.filter(([who]) => [stash.address, nominator.address].includes(who));
			if (rewarded.length > 0) return { hash, rewarded };
		}
		return assert.fail('the chain has paid nothing');
	}

	/** The authorities in the justification of block `number` or a later one. */
	function votersFrom(number) {
		const heard = new Promise((resolve) => {
			const tell = (encoded) => {
				const { commit } = api.createType('GrandpaJustification', encoded);
				if (commit.targetNumber.toNumber() >= number) resolve(commit.precommits.map(({ id }) => id.toHex()));
			};
			rawSubscribe(api, JUSTIFICATIONS, [], tell).then((end) => (endJustifications = end));
		});
		return withTimeout(heard, 'a justification').finally(() => endJustifications());
	}

	before(async () => {
		spec = await editedSpec('local', (genesis) => {
			genesis.genesisParameters.timing = TIMING;
		});
		network = await startNetwork({ chain: spec });
		[api] = network.apis;

		base = temporaryFolder();
		const nodeKey = join(base, 'node-key');
		await gtos('key', 'generate-node-key', '--chain', spec, '--file', nodeKey);
		const options = ['--validator', '--name', 'fourth', '--base-path', base, '--node-key-file', nodeKey];
		fourth = await startConnected([...joinArguments(network), ...options]);
		apis = [...network.apis, fourth.api];
		await finalisedHeight(fourth.api, 1);

		history = await new ChainHistory(api, async (record, previous) => {
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
				slotsInHeaders([...history.records, record]),
				`slots at height ${number}`,
			);
			// The era changes in the block that the previous answer predicted.
			if (record.era !== previous?.era && previous) {
				assert.equal((await dpos(api, 'getEpochInfo', previous.hash)).nextEraBlock, number);
			}
		}).start();
	});

	after(async () => {
		history?.stop();
		await fourth?.stop();
		await network?.stop();
	});

	it('bonds, sets keys that its node has generated and proven, and becomes a candidate', async () => {
		await fund(api, [
			[stash, FUNDS],
			[nominator, BACKING + TOS],
		]);
		assert.equal(await validator(), null);
		const { keys, proof } = await rawCall(
			fourth.api,
			'author_rotateKeysWithOwner',
			u8aToHex(stash.publicKey),
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
		const takeOver = await history.until(isIn, 'the fourth validator to be elected', number);
		firstEra = takeOver.era;
		const former = history.records[takeOver.number - 1];
		assert.equal(takeOver.number % sessionLength, 0);
		assert.deepEqual([takeOver.era, takeOver.setId], [former.era + 1, former.setId + 1]);
		assert.equal(takeOver.validators.length, 3);
		[replaced] = former.validators.filter((address) => !takeOver.validators.includes(address));
		assert.notEqual(takeOver.author, stash.address);
		assert.equal((await validator(takeOver.hash, replaced)).status, 'waiting');

		const { status, ownStake, totalStake } = await validator(takeOver.hash);
		assert.equal(status, 'active');
		// Elections count votes, and a vote stands for several units.
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
		const { hash, number } = await history.until(isIts, 'a block of the fourth validator');
		const { keys } = await validator(hash);
		assert.ok((await votersFrom(number)).includes(keys.grandpa));
	});

	it('is paid for the eras it has served, as is its nominator', async () => {
		const { era, hash, number } = await history.until(({ era }) => era > firstEra, 'its first era to end');
		const earlier = await validator(hash);
		assert.deepEqual(earlier.rewards, await rewardsInState(api, hash, stash.address));
		assert.ok(BigInt(earlier.rewards.earned) > 0n);
		assert.equal(earlier.rewards.claimed, '0');

		const { query } = await api.at(hash);
		const { own, ofNominators } = await rewardOfEra(query, era - 1, stash.address);
		const paid = await payoutAfter(number);
		assert.deepEqual(paid.rewarded, [
			[stash.address, own],
			[nominator.address, ofNominators],
		]);
		assert.equal((await account(api, payee, paid.hash)).free, own);
		const { rewards } = await validator(paid.hash);
		assert.equal(rewards.claimed, own.toString());
		assert.deepEqual(rewards, await rewardsInState(api, paid.hash, stash.address));
	});

	it('changes to keys made by hand and proven offline, two sessions later', async () => {
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
		// The old keys are still in force.
		assert.notEqual((await validator(hash)).keys.aura, auraKey);

		const changed = await history.until(({ auraKeys }) => auraKeys.includes(auraKey), 'the new keys', number);
		assert.equal(changed.session, Math.floor(number / sessionLength) + 2);
		const { keys: inForce } = await validator(changed.hash);
		assert.deepEqual(inForce, { aura: auraKey, grandpa: `0x${keys.slice(66)}` });
		const isIts = ({ author }) => author === stash.address;
		const block = await history.until(isIts, 'a block with the new key', changed.number + 1);
		assert.ok((await votersFrom(block.number)).includes(inForce.grandpa));
	});

	it('is outvoted, serves to the end of its era and waits again', async () => {
		const { number } = await send(nominator, api.tx.staking.nominate([replaced]));
		const isOut = ({ validators }) => !validators.includes(stash.address);
		const out = await history.until(isOut, 'the fourth validator to be replaced', number);
		assert.equal(out.number % sessionLength, 0);
		assert.equal(out.era, history.records[out.number - 1].era + 1);
		assert.ok(out.validators.includes(replaced));
		const { status, isCandidate, rewards } = await validator(out.hash);
		assert.deepEqual([status, isCandidate], ['waiting', true]);
		assert.deepEqual(rewards, await rewardsInState(api, out.hash, stash.address));
	});

	it('chills, unbonds, and withdraws when the bonding duration is over', async () => {
		const chilled = await send(stash, api.tx.staking.chill(), api.tx.staking.unbond(BOND));
		const { status, isCandidate, commission, ownStake } = await validator(chilled.hash);
		assert.deepEqual([status, isCandidate, commission, ownStake], ['chilled', false, null, '0']);

		const early = await send(stash, api.tx.staking.withdrawUnbonded(0));
		const ledger = (await (await api.at(early.hash)).query.staking.ledger(stash.address)).unwrap();
		assert.equal(ledger.total.toBigInt(), BOND);
		const [{ era }] = ledger.unlocking;
		const { plannedEra } = await history.until(({ number }) => number === chilled.number, 'its record');
		assert.equal(era.toNumber(), plannedEra + TIMING.bondingDurationEras);

		await history.until((record) => record.plannedEra >= era.toNumber(), 'the bonding to be over');
		const { hash, fee } = await send(stash, api.tx.staking.withdrawUnbonded(0), api.tx.session.purgeKeys());
		assert.equal(await validator(hash), null);
		const { query } = await api.at(hash);
		assert.ok((await query.staking.ledger(stash.address)).isNone);
		// The whole balance is free again, except for the fee. The validator authors no more blocks, so it earns nothing here.
		const { parentHash } = await api.rpc.chain.getHeader(hash);
		const [held, free] = await Promise.all([parentHash, hash].map((at) => balances(at)));
		assert.deepEqual(free, { free: held.free + held.reserved - fee, reserved: 0n });
	});

	it('can be queried with all forms of parameters, and bad parameters give the right errors', async () => {
		const digits = u8aToHex(development('Alice//stash').publicKey);
		const { hash } = history.last;
		const alice = await validator(hash, development('Alice//stash').address);
		assert.deepEqual(await dpos(api, 'getValidator', digits, hash), alice);
		assert.ok(Array.isArray(await dpos(api, 'getValidators')));
		assert.ok(Array.isArray(await dpos(api, 'getValidators', null)));
		const unreadable = encodeAddress(stash.publicKey, 0);
		assert.deepEqual(await rpcError(dpos(api, 'getValidator', unreadable)), { code: 10001, data: 'account' });
		const nowhere = `0x${'00'.repeat(32)}`;
		for (const method of ['getValidators', 'getEpochInfo', 'getSnapshot']) {
			assert.deepEqual(await rpcError(dpos(api, method, nowhere)), { code: 10003, data: nowhere });
			assert.deepEqual(await rpcError(dpos(api, method, 7)), { code: 10001, data: 'at' });
		}
	});

	it('finality never stalled, and all nodes agree on every block', async () => {
		// The chain history has checked every height against the rules and against dpos_*.
		const { number: seen } = history.last;
		const { number } = await history.until((record) => record.number > seen, 'one more block');
		assert.ok(history.lag <= MOST_LAG, `${history.lag} blocks waited to be final`);
		await Promise.all(apis.map((node) => finalisedHeight(node, number)));
		for (let height = 0; height <= number; height++) {
			assert.equal((await agreement(apis, height)).hash, history.records[height].hash);
		}
	});
});
