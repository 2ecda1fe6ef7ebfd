// Builds the Rust client in e2e/subxt.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, TARGET_DIR } from './node.mjs';

/**
 * Compiles the client with code generated from the bytes `metadata` and returns the path of the executable. The build
 * folder stands beside the workspace's, so that neither build invalidates the other.
 */
export async function buildSubxtClient(metadata) {
	const folder = `${TARGET_DIR}-subxt`;
	mkdirSync(folder, { recursive: true });
	const file = join(folder, 'metadata.scale');
	const bytes = Buffer.from(metadata);
	// Cargo compares times, so writing the same file again would make cargo compile it again.
	if (!existsSync(file) || !readFileSync(file).equals(bytes)) writeFileSync(file, bytes);

	const manifest = join(ROOT, 'e2e/subxt/Cargo.toml');
	const env = { ...process.env, CARGO_TARGET_DIR: folder, GTOS_METADATA: file };
	await promisify(execFile)('cargo', ['build', '--release', '--locked', '--manifest-path', manifest], {
		env,
		maxBuffer: 2 ** 26,
	});
	return join(folder, 'release/gtos-e2e-subxt');
}
