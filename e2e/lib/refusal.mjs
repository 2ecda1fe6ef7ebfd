// The node, or a command of it, refuses to start.

import assert from 'node:assert/strict';
import { runToEnd } from './node.mjs';

/**
 * Asserts that the node exits by itself with an error code and prints one error, which matches `message`. Answers the
 * code. `how` is that of `runToEnd`.
 */
export async function assertFails(args, message, how) {
	const { code, output } = await runToEnd(args, how);
	assert.notEqual(code, 0, output);
	const errors = output.split('\n').filter((line) => line.startsWith('Error: '));
	assert.equal(errors.length, 1, output);
	assert.match(errors[0], message);
	assert.doesNotMatch(output, /panicked|backtrace/);
	return code;
}
