// Runs the commands of docs/operating.md, in blocks and in the prose, as the founder of a live chain with one
// validator.
//
// Not run: `--sync warp`, which needs three peers (e2e/tests/sync.test.mjs), a validator that becomes active and leaves
// (e2e/drills/validator-lifecycle.test.mjs), and the restart with other code (e2e/drills/broken-upgrade.test.mjs).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Keyring } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import { encodeAddress } from '@polkadot/util-crypto';
import { TOS, connect, finalisedHeight, newAccount } from '../lib/chain.mjs';
import { Guide, inlineCode } from '../lib/guide.mjs';
import { withDevNode } from '../lib/network.mjs';
import { GTOS_BIN, ROOT, gtos, startNode, temporaryFolder } from '../lib/node.mjs';

const PAGE = 'docs/operating.md';
const SS58_PREFIX = 42;
// Commands in the prose that are names of commands, and those that stand there for the reader to complete.
const NAMES = ['gtos key inspect', 'gtos revert', 'gtos purge-chain'];
const KEY_LENGTH = 66;
// The subcommands whose options the page mentions.
const SUBCOMMANDS = [[], ['key', 'inspect'], ['export-chain-spec']];

/** Stands for the node in the PATH: it keeps the arguments with which a validator would start, and runs the rest. */
const shim = (file) => `#!/usr/bin/env bash
if [[ " $* " == *" --validator "* ]]; then
	printf '%s\\0' "$@" >'${file}'
else
	exec '${GTOS_BIN}' "$@"
fi
`;

describe('the guide to operating a node', () => {
	const folder = temporaryFolder();
	const [etc, data] = ['etc', 'data'].map((name) => join(folder, name));
	const started = join(folder, 'arguments');
	const uri = `//guide//${Math.random()}`;
	const stash = new Keyring({ ss58Format: SS58_PREFIX, type: 'sr25519' }).addFromUri(uri);
	const founder = newAccount();
	const ran = new Set();
	const placeholders = { '/etc/gtos': etc, '/var/lib/gtos': data };
	let guide;
	let node;
	let api;

	/** Runs a command of the prose, which has to stand there, and resolves with its output. */
	async function inline(command) {
		assert.ok(inlineCode(PAGE).includes(command), `${PAGE} does not contain ${command}`);
		ran.add(command);
		return guide.runInline(command);
	}

	/** The result of a JSON-RPC call in the prose. */
	async function rpc(command) {
		const { error, result } = JSON.parse(await inline(command));
		assert.equal(error, undefined, command);
		return result;
	}

	/** What a reader of the page writes into the template. */
	function fillIn({ aura, grandpa }) {
		const file = join(folder, 'template.json');
		const spec = JSON.parse(readFileSync(file, 'utf8'));
		Object.assign(spec, { name: 'Guide', id: 'guide', protocolId: 'guide' });
		const { balances, session, staking, technicalCommittee } = spec.genesis.runtimeGenesis.patch;
		// JavaScript represents these amounts exactly.
		balances.balances = [stash, founder].map(({ address }) => [address, Number(20_000n * TOS)]);
		session.keys = [[founder.address, founder.address, { aura, grandpa }]];
		staking.stakers = [[founder.address, founder.address, Number(10_000n * TOS), 'Validator']];
		Object.assign(staking, { validatorCount: 1, minimumValidatorCount: 1 });
		technicalCommittee.members = [founder.address];
		writeFileSync(file, JSON.stringify(spec));
	}

	before(() => {
		const path = join(folder, 'bin');
		for (const dir of [etc, data, path]) mkdirSync(dir);
		writeFileSync(join(path, 'gtos'), shim(started), { mode: 0o755 });
		writeFileSync(join(etc, 'password'), 'secret');
		writeFileSync(join(folder, 'stash.phrase'), uri);
		// The page runs its script in e2e/, where the packages are.
		symlinkSync(join(ROOT, 'e2e/node_modules'), join(folder, 'node_modules'));
		guide = new Guide(PAGE, { placeholders, cwd: folder, env: { PATH: `${path}:${process.env.PATH}` } });
	});

	after(async () => {
		guide?.stop();
		await api?.disconnect();
		await node?.stop();
	});

	it('the template and keys by hand make a chain', async () => {
		placeholders['5STASH'] = founder.address;
		await guide.run('settings');
		await guide.run('template');
		const proof = await guide.run('keys');
		assert.deepEqual(readdirSync(join(data, 'keystore')).length, 2);
		const keys = /keys\W+0x([0-9a-f]{128})/i.exec(proof)?.[1];
		assert.ok(keys, proof);
		const [aura, grandpa] = [keys.slice(0, 64), keys.slice(64)].map((digits) => `0x${digits}`);
		for (const digits of [aura, grandpa]) {
			placeholders['0xDIGITS'] = digits;
			assert.ok((await inline('gtos key inspect --public 0xDIGITS')).includes(encodeAddress(digits, SS58_PREFIX)));
		}
		fillIn({ aura: encodeAddress(aura, SS58_PREFIX), grandpa: encodeAddress(grandpa, SS58_PREFIX) });
		await guide.run('spec');
		writeFileSync(join(etc, 'chain.json'), readFileSync(join(folder, 'chain.json')));
	});

	it('the validator starts', async () => {
		const peer = await guide.run('node');
		assert.ok(existsSync(join(data, 'chains/guide/network/secret_ed25519')), peer);
		const args = readFileSync(started, 'utf8').split('\0').slice(0, -1);
		// A founder has no peers.
		args.splice(args.indexOf('--sync'), 2);
		node = await startNode(args);
		api = await connect(node.rpc);
		placeholders['http://127.0.0.1:9944'] = node.rpc.replace('ws:', 'http:');
		placeholders['ws://127.0.0.1:9944'] = node.rpc;
		await guide.run('settings');
		await finalisedHeight(api, 2);
		assert.match(node.log(), /my validator/);
		assert.equal((await rpc('rpc system_health')).isSyncing, false);
		assert.ok((await rpc('rpc state_getRuntimeVersion')).specVersion > 0);
		assert.ok(Number((await rpc('rpc chain_getHeader')).number) > 0);
		assert.match(await rpc('rpc chain_getFinalizedHead'), /^0x[0-9a-f]{64}$/);
		assert.ok(Array.isArray((await rpc('rpc grandpa_roundState')).best.prevotes.missing));
		const [validator] = (await rpc('rpc dpos_getValidators')) ?? [];
		assert.equal(validator.account, founder.address);
		placeholders.KEY = encodeAddress(validator.keys.grandpa, SS58_PREFIX);
		assert.ok((await inline('gtos key inspect KEY')).includes(validator.keys.grandpa));
		delete placeholders.KEY;
	});

	it('a stash joins with the keys of the node', async () => {
		placeholders['5STASH'] = stash.address;
		const owner = u8aToHex(stash.publicKey);
		assert.ok((await inline('gtos key inspect 5STASH')).includes(owner));
		placeholders['0xOWNER'] = owner;
		const { keys, proof } = await rpc(`rpc author_rotateKeysWithOwner '["0xOWNER"]'`);
		Object.assign(placeholders, { '0xKEYS': keys, '0xPROOF': proof });
		assert.equal(await rpc(`rpc author_hasSessionKeys '["0xKEYS"]'`), true);
		assert.match(await guide.run('join'), /done/);
		const next = (await api.query.session.nextKeys(stash.address)).unwrap();
		assert.equal(next.aura.toHex(), keys.slice(0, KEY_LENGTH));
		const { commission } = await api.query.staking.validators(stash.address);
		assert.equal(commission.toNumber(), 100_000_000);
		assert.equal((await rpc(`rpc dpos_getValidator '["5STASH"]'`)).status, 'waiting');
	});

	it('a stash that bonds the rest, too, can still pay for unbonding', async () => {
		assert.ok(inlineCode(PAGE).includes('scripts/tos bondable'));
		const env = { ...process.env, TOS_URL: node.rpc, TOS_KEY: join(folder, 'stash.phrase') };
		const tos = (...args) => promisify(execFile)(process.execPath, [join(ROOT, 'e2e/tos.mjs'), ...args], { env });
		const bondable = (await tos('bondable')).stdout.trim();
		const { data } = await api.query.system.account(stash.address);
		const kept = api.consts.balances.existentialDeposit.toBigInt() + 5n * TOS;
		assert.equal(BigInt(bondable), data.free.toBigInt() - kept);
		assert.ok(BigInt(bondable) > 0n);
		await tos('tx', 'staking.bondExtra', bondable);
		assert.equal((await tos('bondable')).stdout.trim(), '0');
		await tos('tx', 'staking.unbond', bondable);
	});

	it('the node has the metrics and options of the page', async () => {
		const page = readFileSync(join(ROOT, PAGE), 'utf8');
		const metricsOf = async ({ metrics }) => (await fetch(metrics)).text();
		// A validator has no index of transactions.
		const shown = (await metricsOf(node)) + (await withDevNode([], (_, full) => metricsOf(full)));
		const named = [...page.matchAll(/`((?:gtos|substrate)_\w+)[^`]*`/g)].map(([, name]) => name);
		// The count of a histogram has no type of its own, and a metric with labels may have no value yet.
		const missing = named.filter((name) => !new RegExp(`^(# TYPE )?${name}[ {]`, 'm').test(shown));
		assert.deepEqual(missing, []);
		const helps = await Promise.all(SUBCOMMANDS.map((command) => gtos(...command, '--help')));
		const options = inlineCode(PAGE).flatMap((code) => code.match(/(?<!\S)--[a-z][a-z-]+/g) ?? []);
		const unknown = options.filter((option) => !helps.some((help) => new RegExp(`${option}\\b`).test(help)));
		assert.deepEqual(unknown, []);
	});

	it('the record moves, and the database can be reverted and purged', async () => {
		await api.disconnect();
		api = undefined;
		assert.equal(await node.stop(), 0);
		node = undefined;
		await guide.run('move');
		assert.ok(JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8')));
		await inline('gtos revert 1 $NODE');
		ran.add('gtos purge-chain $NODE');
		// It asks whether to delete.
		await guide.runInline('gtos purge-chain $NODE <<<y');
		assert.ok(!existsSync(join(data, 'chains/guide/paritydb')));
		assert.equal(readdirSync(join(data, 'keystore')).length, 4);
		Object.assign(placeholders, { NAME: 'dev', FILE: 'dev.json' });
		await inline('gtos export-chain-spec --chain NAME --raw --output FILE');
		assert.ok(existsSync(join(folder, 'dev.json')));
	});

	it('has no command that has not run', () => {
		const commands = inlineCode(PAGE).filter((code) => /^(rpc|gtos) /.test(code));
		assert.deepEqual(commands.filter((code) => !ran.has(code) && !NAMES.includes(code)), []);
		assert.deepEqual(guide.left, []);
	});
});
