// Runs the shell blocks of a page in docs/, as a reader would.
//
// A block is fenced with ```sh NAME. All blocks of a page share one shell, so that a block can use the variables and
// functions of those before it. The shell stops at the first command that fails.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTimeout } from './chain.mjs';
import { ROOT, spawnBinary, temporaryFolder } from './node.mjs';

const BLOCK = /^( *)```sh(?: +(\S+))?\n(.*?)^\1```$/gms;
const FENCED = /^( *)```.*?^\1```$/gms;
const INLINE = /`([^`]+)`/g;
const TIMEOUT_MS = 120_000;
// Separates the output of a block from that of the next one.
const END = '=== end of the block ===';

/** The shell blocks of a page, by name, without the indentation of the fence. Throws if one has no name of its own. */
export function blocksOf(page) {
	const text = readFileSync(join(ROOT, page), 'utf8');
	const blocks = new Map();
	for (const { 1: indentation, 2: name, 3: body, index } of text.matchAll(BLOCK)) {
		const line = text.slice(0, index).split('\n').length;
		if (!name || blocks.has(name)) {
			throw new Error(`${page}:${line}: name the block, as in \`\`\`sh NAME, so that a test can run it`);
		}
		blocks.set(name, body.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''));
	}
	return blocks;
}

/** What stands in backticks in the prose of a page. A line break in it counts as a space. */
export function inlineCode(page) {
	const prose = readFileSync(join(ROOT, page), 'utf8').replaceAll(FENCED, '');
	return [...prose.matchAll(INLINE)].map(([, code]) => code.replaceAll(/\s+/g, ' '));
}

/** The page with its blocks, of which each has to run. */
export class Guide {
	#page;
	#blocks;
	#placeholders;
	#shell;
	#folder = temporaryFolder();
	#output = { stdout: '', stderr: '' };
	#ended;
	// Called when the shell has printed something.
	#look = () => {};
	#hasRun = new Set();

	/** `placeholders` maps what stands in the page for a value of the reader to the value. It can change later. */
	constructor(page, { placeholders = {}, cwd = ROOT, env = {} } = {}) {
		this.#page = page;
		this.#blocks = blocksOf(page);
		this.#placeholders = placeholders;
		this.#shell = spawnBinary('bash', ['--noprofile', '--norc'], 'pipe', env, { cwd, stdio: 'pipe' });
		for (const stream of ['stdout', 'stderr']) {
			this.#shell[stream].on('data', (data) => {
				this.#output[stream] += data;
				this.#look();
			});
		}
		this.#ended = once(this.#shell, 'close').then(() => false);
		// Writing to a shell that has ended: #execute notices the end.
		this.#shell.stdin.on('error', () => {});
		this.#shell.stdin.write('set -euo pipefail\n');
	}

	/** Runs a block and resolves with its standard output. */
	async run(name) {
		const block = this.#blocks.get(name);
		if (block === undefined) throw new Error(`${this.#page} has no block ${name}`);
		this.#hasRun.add(name);
		return this.#execute(name, block);
	}

	/** Runs a command that stands in the prose. */
	runInline(command) {
		return this.#execute('inline', `${command}\n`);
	}

	/** Sets a variable of the shell. */
	set = (name, value) => this.#execute('set', `${name}='${value}'\n`);

	/** Resolves with the value of a variable. */
	get = async (name) => (await this.#execute('get', `echo "$${name}"\n`)).trim();

	/** The names of the blocks that have not run. */
	get left() {
		return [...this.#blocks.keys()].filter((name) => !this.#hasRun.has(name));
	}

	/** Ends the shell. */
	stop() {
		this.#shell.kill('SIGKILL');
	}

	async #execute(name, text) {
		for (const [placeholder, value] of Object.entries(this.#placeholders)) text = text.replaceAll(placeholder, value);
		const file = join(this.#folder, `${name}.sh`);
		writeFileSync(file, text);
		this.#output = { stdout: '', stderr: '' };
		this.#shell.stdin.write(`source '${file}' </dev/null; echo '${END}'\n`);
		const finished = new Promise((resolve) => {
			this.#look = () => this.#output.stdout.includes(END) && resolve(true);
		});
		const what = `"${name}" of ${this.#page}`;
		const succeeded = await withTimeout(Promise.race([this.#ended, finished]), what, TIMEOUT_MS);
		const { stdout, stderr } = this.#output;
		if (!succeeded) throw new Error(`${what} fails:\n${text}\n${stdout}${stderr}`);
		return stdout.slice(0, stdout.indexOf(END));
	}
}
