// Runs every command of docs/governance.md, in order, on a development chain whose hours are a block long.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringToU8a } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { TOS, development, nextNonce, rawCall, sign, submit, until } from '../lib/chain.mjs';
import { Guide } from '../lib/guide.mjs';
import { startConnected } from '../lib/network.mjs';
import { ROOT, TARGET_DIR, temporaryFolder } from '../lib/node.mjs';
import { asVersion, compressed } from '../lib/runtime-wasm.mjs';
import { editedSpec } from '../lib/spec.mjs';

const PAGE = 'docs/governance.md';
const WASM = join(TARGET_DIR, 'release/wbuild/gtos-runtime/gtos_runtime.compact.wasm');
// A shorter slot is not enough to build the block with the upgrade on a busy machine.
const SLOT_MS = 500;
// So the decision about the payment takes 84 s, in which a busy machine executes thirty commands.
const HOUR_BLOCKS = 1;
// The track of the payment, and the lock of a vote with `Locked1x`.
const TRACK = 12;
const LOCK_HOURS = 168;
const COMMITTEE = ['Alice', 'Bob', 'Charlie'];
// Who plays the reader of each section.
const [PROPOSER, VOTER, DELEGATE, DELEGATOR] = ['Dave', 'Eve', 'Ferdie', 'Bob//stash'];
const [STASH, PROXY] = ['Alice//stash', 'Charlie//stash'];
// Together they hold more than half of all TOS, so a referendum for which they vote passes at once.
const BACKERS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Charlie//stash', 'Dave//stash', 'Eve//stash', 'Ferdie//stash'];
// Less than the 10 million that each has at genesis, for fees and deposits.
const BACKING = 9_800_000n * TOS;
const PAYMENT = 900n * TOS;

// The account `modlpy/trsry` (ECO-R8).
const TREASURY = stringToU8a('modlpy/trsry'.padEnd(32, '\0'));

const addressOf = (name) => development(name).address;

describe('the guide to governance', () => {
	const folder = temporaryFolder();
	const key = join(folder, 'phrase');
	let node;
	let api;
	let guide;
	let code;
	// The block in which the voter's TOS can be unlocked.
	let lockEnd;

	/** Sends a call of a development account, which must succeed. */
	async function send(name, call) {
		const pair = development(name);
		const outcome = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
		assert.equal(outcome.error, null, `${name}: ${call.method.section}.${call.method.method}`);
		return outcome;
	}

	/** Has the backers vote for a referendum. */
	async function back(index) {
		const vote = { Standard: { vote: { aye: true, conviction: 'Locked1x' }, balance: BACKING } };
		await Promise.all(BACKERS.map((name) => send(name, api.tx.convictionVoting.vote(index, vote))));
	}

	const referendum = async (index) => (await api.query.referenda.referendumInfoFor(index)).unwrap();
	const ends = (index, state) =>
		until(async () => (await referendum(index)).type === state, `referendum ${index} to be ${state}`);
	const free = async (name) => (await api.query.system.account(addressOf(name))).data.free.toBigInt();
	const tally = async (index) => (await referendum(index)).asOngoing.tally.toJSON();
	const lockOf = async (name) =>
		(await api.query.balances.locks(addressOf(name))).reduce((sum, { amount }) => sum + amount.toBigInt(), 0n);
	const height = async () => (await api.rpc.chain.getHeader()).number.toNumber();

	/** From now on the reader has the key of this account. */
	async function as(name) {
		writeFileSync(key, `//${name}\n`);
		await guide.set('ACCOUNT', addressOf(name));
	}

	before(async () => {
		assert.ok(existsSync(WASM), `there is no ${WASM}: scripts/run builds it`);
		const chain = await editedSpec('dev', (genesis) => {
			Object.assign(genesis.genesisParameters.timing, { slotDurationMs: SLOT_MS, hourBlocks: HOUR_BLOCKS });
			genesis.technicalCommittee.members = COMMITTEE.map(addressOf);
		});
		node = await startConnected(['--dev', '--chain', chain]);
		({ api } = node);
		code = compressed(asVersion(readFileSync(WASM), api.runtimeVersion.specVersion.toNumber() + 1));
		writeFileSync(join(folder, 'gtos.wasm'), code);
		const placeholders = {
			'ws://127.0.0.1:9944': node.rpc,
			'~/tos.phrase': key,
			'@gtos.wasm': `@${join(folder, 'gtos.wasm')}`,
			'5BENEFICIARY': addressOf('Ferdie//stash'),
			'5DELEGATE': addressOf(DELEGATE),
			'5PROXY': addressOf(PROXY),
			'5STASH': addressOf(STASH),
		};
		guide = new Guide(PAGE, { placeholders });
	});

	after(async () => {
		guide?.stop();
		await node?.stop();
	});

	it('has a table of the tracks that is true', () => {
		const rows = readFileSync(join(ROOT, PAGE), 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \| `(.*?)` \| (.*) \|$/gm);
		const found = [...rows].map(([, name, id, origin, figures]) => {
			const [deposit, prepare, decide, confirm, enact, support] = figures.split(' | ');
			api.createType('GtosRuntimeOriginCaller', JSON.parse(origin));
			const number = (text) => Number(text.replaceAll(',', ''));
			const hours = [prepare, decide, confirm, enact].map(number);
			return { name, id: number(id), deposit: number(deposit), hours, support };
		});
		const wanted = api.consts.referenda.tracks.map(([id, track]) => ({
			name: track.name.toString().replace(/\0+$/, ''),
			id: id.toNumber(),
			deposit: Number(track.decisionDeposit.toBigInt() / TOS),
			hours: [track.preparePeriod, track.decisionPeriod, track.confirmPeriod, track.minEnactmentPeriod].map(
				(blocks) => blocks.toNumber() / HOUR_BLOCKS,
			),
			support: `${track.minSupport.asLinearDecreasing.floor.toNumber() / 10_000_000} %`,
		}));
		assert.deepEqual(found, wanted);
	});

	it('proposers submit a referendum', async () => {
		// The treasury of a new chain has only fees.
		await send('Alice', api.tx.balances.transferKeepAlive(TREASURY, 2n * PAYMENT));
		writeFileSync(key, `//${PROPOSER}\n`);
		assert.ok((await guide.run('setup')).includes('"free": "10,000,000,000,000,000,000"'));
		assert.equal(await guide.get('ACCOUNT'), addressOf(PROPOSER));

		assert.match(await guide.run('call'), /"method": "spend"/);
		await guide.run('preimage');
		const hash = blake2AsHex(await guide.get('CALL'));
		assert.ok((await api.query.preimage.requestStatusFor(hash)).unwrap().isUnrequested);

		assert.match(await guide.run('submit'), /^Referendum 0$/m);
		const before = (await referendum(0)).asOngoing;
		assert.equal(before.track.toNumber(), TRACK);
		assert.equal(before.submissionDeposit.amount.toBigInt(), 100n * TOS);
		assert.ok(before.decisionDeposit.isNone);

		await guide.run('deposit');
		assert.equal((await referendum(0)).asOngoing.decisionDeposit.unwrap().who.toString(), addressOf(PROPOSER));
		assert.match(await guide.run('watch'), /"state": "Ongoing"/);
	});

	it('voters read what is voted on, and vote', async () => {
		await as(VOTER);
		const shown = JSON.parse(await guide.run('read'));
		assert.equal(shown.call.section, 'treasury');
		assert.equal(shown.call.args.amount, PAYMENT.toLocaleString('en'));

		const bytes = await guide.get('CALL');
		const preimage = `'["${blake2AsHex(bytes)}",${(bytes.length - 2) / 2}]'`;
		const shownBytes = await guide.runInline(`scripts/tos query preimage.preimageFor ${preimage}`);
		assert.equal(shownBytes.trim(), bytes);

		await guide.run('vote');
		assert.equal(BigInt((await tally(0)).ayes), 1_000n * TOS);
		await guide.run('split');
		const { ayes, nays, support } = await tally(0);
		assert.deepEqual([ayes, nays, support].map(BigInt), [60n * TOS, 30n * TOS, 700n * TOS]);
		await guide.run('withdraw');
		assert.equal(BigInt((await tally(0)).support), 0n);
		assert.equal(await lockOf(VOTER), 0n);
		await guide.run('vote');
		assert.equal(await lockOf(VOTER), 1_000n * TOS);
	});

	it('delegates vote with the TOS of others', async () => {
		const vote = { Standard: { vote: { aye: true, conviction: 'None' }, balance: TOS } };
		await send(DELEGATE, api.tx.convictionVoting.vote(0, vote));
		await as(DELEGATOR);
		await guide.run('delegate');
		assert.equal(BigInt((await tally(0)).support), 1_501n * TOS);
		await as(DELEGATE);
		assert.match(await guide.run('own-votes'), /"votes": "500,000,000,000,000"/);
		await as(DELEGATOR);
		await guide.run('undelegate');
		assert.equal(BigInt((await tally(0)).support), 1_001n * TOS);
		// Locked for the period of the conviction.
		assert.equal(await lockOf(DELEGATOR), 500n * TOS);
		await back(0);
	});

	it('deposits, payments and votes are taken back after a referendum', async () => {
		await ends(0, 'Approved');
		await until(async () => (await api.query.treasury.spendCount()).toNumber() === 1, 'the enactment of the payment');
		const approved = (await referendum(0)).asApproved[0].toNumber();

		await as(PROPOSER);
		assert.match(await guide.run('result'), /"state": "Approved"/);
		const reserved = async () => (await api.query.system.account(addressOf(PROPOSER))).data.reserved.toBigInt();
		const before = await reserved();
		const hash = blake2AsHex(await guide.get('CALL'));
		await guide.run('refund');
		assert.ok(before - (await reserved()) > 200n * TOS);
		assert.ok((await api.query.preimage.requestStatusFor(hash)).isNone);

		const paid = await free('Ferdie//stash');
		await guide.run('payout');
		assert.equal((await free('Ferdie//stash')) - paid, PAYMENT);

		await as(VOTER);
		await guide.run('unlock');
		const [end, locked] = (await api.query.convictionVoting.votingFor(addressOf(VOTER), TRACK)).asCasting.prior;
		lockEnd = end.toNumber();
		assert.deepEqual([lockEnd, locked.toBigInt()], [approved + LOCK_HOURS * HOUR_BLOCKS, 1_000n * TOS]);
		assert.equal(await lockOf(VOTER), 1_000n * TOS);
	});

	it('a referendum ends others', async () => {
		const remark = { Inline: api.tx.system.remark('0x00').method.toHex() };
		for (const index of [1, 2]) {
			const { events } = await send('Alice', api.tx.referenda.submit({ system: 'Root' }, remark, { After: 0 }));
			const submitted = events.find((event) => api.events.referenda.Submitted.is(event));
			assert.equal(submitted.data.index.toNumber(), index);
		}
		await as(PROPOSER);
		await guide.run('cancel');
		await guide.set('BAD', 2);
		await guide.run('kill');
		await back(await guide.get('CANCELLING'));
		await back(await guide.get('KILLING'));
		await ends(1, 'Cancelled');
		await ends(2, 'Killed');
	});

	it('root raises the bond of candidates', async () => {
		const shown = JSON.parse(await guide.run('candidates'));
		assert.equal(shown.method, 'setStakingConfigs');
		const configs = api.createType('Call', await guide.get('CONFIGS')).args;
		assert.equal(configs[1].asSet.toBigInt(), 50_000n * TOS);
		assert.equal(configs[4].asSet.toNumber(), 80);
		assert.ok([0, 2, 3, 5, 6].every((index) => configs[index].isNoop));
	});

	it('the committee whitelists an urgent call', async () => {
		await as(COMMITTEE[0]);
		await guide.run('motion');
		for (const member of COMMITTEE.slice(0, 2)) {
			await as(member);
			assert.match(await guide.run('motion-vote'), /"method": "whitelistCall"/);
		}
		await as(PROPOSER);
		await guide.run('motion-close');
		const isWhitelisted = async (hash) =>
			(await guide.runInline(`scripts/tos query whitelist.whitelistedCall ${hash}`)).trim();
		assert.equal(await isWhitelisted(blake2AsHex(await guide.get('URGENT'))), 'true');
		assert.equal(await isWhitelisted(blake2AsHex('0x00')), 'null');
		await guide.run('urgent');
		const urgent = await guide.get('URGENT_INDEX');
		const { origin } = (await referendum(urgent)).asOngoing;
		assert.equal(origin.toHuman().Origins, 'WhitelistedCaller');
		// Its decision period is 24 blocks.
		await back(urgent);
		await ends(urgent, 'Approved');
	});

	it('proxies validate and vote for a stash', async () => {
		// The urgent referendum has ended. This one waits for its deposit.
		const proposal = { Inline: api.tx.system.remark('0x01').method.toHex() };
		const { events } = await send('Alice', api.tx.referenda.submit({ system: 'Root' }, proposal, { After: 0 }));
		const { index } = events.find((event) => api.events.referenda.Submitted.is(event)).data;
		await guide.set('URGENT_INDEX', index.toNumber());
		await as(STASH);
		await guide.run('add-proxies');
		await as(PROXY);
		await guide.run('use-proxies');
		const { commission } = await api.query.staking.validators(addressOf(STASH));
		assert.equal(commission.toNumber(), 50_000_000);
		assert.equal(BigInt((await tally(index)).support), 1_000n * TOS);
		await as(STASH);
		await guide.run('remove-proxy');
		const [proxies] = await api.query.proxy.proxies(addressOf(STASH));
		assert.deepEqual(proxies.map(({ proxyType }) => proxyType.type), ['Staking']);

		// Staked TOS vote too.
		const staked = (await api.query.staking.ledger(addressOf(STASH))).unwrap().active.toBigInt();
		const vote = { Standard: { vote: { aye: true, conviction: 'None' }, balance: (await free(STASH)) + staked } };
		await send(STASH, api.tx.convictionVoting.vote(index, vote));
	});

	it('locks end', async () => {
		await until(async () => (await height()) >= lockEnd, 'the end of the lock');
		await as(VOTER);
		// The first command of the block has removed the vote already.
		await guide.runInline('scripts/tos tx convictionVoting.unlock 12 $ACCOUNT');
		assert.equal(await lockOf(VOTER), 0n);
	});

	it('anybody applies an authorised upgrade', async () => {
		const shown = await guide.run('authorised');
		const hash = blake2AsHex(code);
		assert.equal(shown.split(hash).length, 3, shown);
		const before = (await rawCall(api, 'state_getRuntimeVersion')).specVersion;
		await guide.run('apply');
		assert.equal((await rawCall(api, 'state_getRuntimeVersion')).specVersion, before + 1);
		assert.match(await guide.run('applied'), new RegExp(`^${before + 1}$`, 'm'));
	});

	it('has no block that has not run', () => {
		assert.deepEqual(guide.left, []);
	});
});
