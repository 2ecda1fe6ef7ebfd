// Compares the metadata of two versions of a runtime: what changes for those who sign, store, query and read events.

import { decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings';

/** Decodes metadata, given as the bytes of an `Option<Vec<u8>>`. */
export const readMetadata = (bytes) => unifyMetadata(decAnyMetadata(bytes));

/** The items of a list by name. */
const byName = (items = []) => new Map(items.map((item) => [item.name, item]));

/**
 * Compares types of two registries by what they encode to. `equal` means that the same values have the same bytes;
 * `extended` that enums have further variants, so that all old bytes still mean the same; `changed` anything else.
 */
class Types {
	#old;
	#new;
	#known = new Map();

	constructor(old, next) {
		this.#old = new Map(old.map((type) => [type.id, type]));
		this.#new = new Map(next.map((type) => [type.id, type]));
	}

	compare(old, next) {
		const pair = `${old}/${next}`;
		if (!this.#known.has(pair)) {
			// A type that contains itself is as equal as the rest of it.
			this.#known.set(pair, 'equal');
			this.#known.set(pair, this.#compareTypes(this.#old.get(old).def, this.#new.get(next).def));
		}
		return this.#known.get(pair);
	}

	/** The worst result over pairs of lists of the same length. */
	all(old, next) {
		if (old.length !== next.length) return 'changed';
		return worst(old.map((id, i) => this.compare(id, next[i])));
	}

	#compareTypes(old, next) {
		if (old.tag !== next.tag) return 'changed';
		const fields = (list) => list.map(({ type }) => type);
		switch (old.tag) {
			case 'composite':
				return this.all(fields(old.value), fields(next.value));
			case 'variant':
				return this.variants(old.value, next.value);
			case 'tuple':
				return this.all(old.value, next.value);
			case 'array':
				return old.value.len === next.value.len ? this.compare(old.value.type, next.value.type) : 'changed';
			case 'sequence':
			case 'compact':
				return this.compare(old.value, next.value);
			default:
				return JSON.stringify(old.value) === JSON.stringify(next.value) ? 'equal' : 'changed';
		}
	}

	variants(old, next) {
		const others = new Map(next.map((variant) => [variant.index, variant]));
		const results = old.map((variant) => {
			const other = others.get(variant.index);
			if (!other || other.name !== variant.name) return 'changed';
			const types = ({ fields }) => fields.map(({ type }) => type);
			return this.all(types(variant), types(other));
		});
		return worst([...results, next.length > old.length ? 'extended' : 'equal']);
	}

	/** The variants of the enums with these ids, an id being undefined if a pallet has none. */
	variantsOf(old, next) {
		const of = (registry, id) => (id === undefined ? [] : registry.get(id).def.value);
		return [of(this.#old, old), of(this.#new, next)];
	}
}

const worst = (results) => ['changed', 'extended'].find((result) => results.includes(result)) ?? 'equal';
const typeOf = (reference) => (typeof reference === 'object' ? reference?.type : reference);

/**
 * Returns what changes from `old` to `next`, both as `readMetadata` answers them: `{ signing, unsafe, notes }`, lists of
 * sentences. Those of `signing` change the bytes that are signed, and demand a higher `transaction_version`.
 */
export function metadataChanges(old, next) {
	const changes = { signing: [], unsafe: [], notes: [] };
	const types = new Types(old.lookup, next.lookup);
	compareExtensions(types, old.extrinsic, next.extrinsic, changes);
	const pallets = byName(next.pallets);
	for (const pallet of old.pallets) {
		const other = pallets.get(pallet.name);
		if (!other) {
			changes.signing.push(`the pallet ${pallet.name} is removed`);
			continue;
		}
		if (other.index !== pallet.index) {
			changes.signing.push(`the pallet ${pallet.name} moves from index ${pallet.index} to ${other.index}`);
		}
		compareVariants(types, 'call', pallet.name, [pallet.calls, other.calls], changes, changes.signing);
		compareVariants(types, 'event', pallet.name, [pallet.events, other.events], changes, changes.notes);
		compareVariants(types, 'error', pallet.name, [pallet.errors, other.errors], changes, changes.notes);
		compareStorage(types, pallet, other, changes);
		compareConstants(pallet, other, changes);
	}
	const known = byName(old.pallets);
	for (const { name, index } of next.pallets) {
		if (known.has(name)) continue;
		changes.notes.push(`the pallet ${name} is new`);
		const former = old.pallets.find((pallet) => pallet.index === index);
		if (former) changes.unsafe.push(`the pallet ${name} has the index ${index}, which was that of ${former.name}`);
	}
	compareApis(types, old.apis, next.apis, changes);
	return changes;
}

function compareExtensions(types, old, next, { signing }) {
	// Later versions of the metadata name the extensions of each version of the extrinsic.
	const list = ({ extensions, signedExtensions }) => Object.values(extensions ?? signedExtensions);
	const [before, after] = [list(old), list(next)];
	const names = (extensions) => extensions.map(({ identifier }) => identifier).join(', ');
	if (names(before) !== names(after)) {
		signing.push(`the extensions change from ${names(before)} to ${names(after)}`);
		return;
	}
	before.forEach(({ identifier, type, additionalSigned }, i) => {
		if (types.all([type, additionalSigned], [after[i].type, after[i].additionalSigned]) !== 'equal') {
			signing.push(`the extension ${identifier} has another encoding`);
		}
	});
}

function compareVariants(types, kind, name, [old, next], { notes }, serious) {
	const [before, after] = types.variantsOf(typeOf(old), typeOf(next));
	const others = byName(after);
	for (const variant of before) {
		const what = `the ${kind} ${name}.${variant.name}`;
		const other = others.get(variant.name);
		if (!other) serious.push(`${what} is removed`);
		else if (other.index !== variant.index) serious.push(`${what} moves from index ${variant.index} to ${other.index}`);
		else {
			const result = types.variants([variant], [other]);
			if (result === 'changed') serious.push(`${what} has other fields`);
			else if (result === 'extended') notes.push(`${what} takes further values`);
		}
	}
	const known = byName(before);
	for (const variant of after) {
		if (known.has(variant.name)) continue;
		notes.push(`the ${kind} ${name}.${variant.name} is new`);
		const former = before.find(({ index }) => index === variant.index);
		if (former) serious.push(`the ${kind} ${name}.${variant.name} has the index that was that of ${former.name}`);
	}
}

function compareStorage(types, { name, storage }, { storage: other }, { unsafe, notes }) {
	const others = byName(other?.items);
	for (const item of storage?.items ?? []) {
		const what = `the storage item ${name}.${item.name}`;
		const next = others.get(item.name);
		if (!next) {
			notes.push(`${what} is removed; a migration has to remove its values`);
			continue;
		}
		const hashers = ({ type }) => JSON.stringify([type.tag, type.value.hashers?.map(({ tag }) => tag)]);
		const parts = ({ type: { tag, value } }) => (tag === 'plain' ? [value] : [value.key, value.value]);
		if (hashers(item) !== hashers(next)) unsafe.push(`${what} has other keys`);
		else {
			const result = types.all(parts(item), parts(next));
			if (result === 'changed') notes.push(`${what} has another type; a migration has to rewrite its values`);
			else if (result === 'extended') notes.push(`${what} takes further values`);
			if (item.fallback !== next.fallback) notes.push(`${what} has another default`);
		}
	}
	const known = byName(storage?.items);
	for (const item of other?.items ?? []) if (!known.has(item.name)) notes.push(`the storage item ${name}.${item.name} is new`);
}

function compareConstants({ name, constants }, { constants: other }, { notes }) {
	const others = byName(other);
	for (const constant of constants) {
		// It differs in every release.
		if (name === 'System' && constant.name === 'Version') continue;
		const what = `the constant ${name}.${constant.name}`;
		const next = others.get(constant.name);
		if (!next) notes.push(`${what} is removed`);
		else if (next.value !== constant.value) notes.push(`${what} changes from ${constant.value} to ${next.value}`);
	}
	const known = byName(constants);
	for (const constant of other) if (!known.has(constant.name)) notes.push(`the constant ${name}.${constant.name} is new`);
}

function compareApis(types, old, next, { unsafe, notes }) {
	const others = byName(next);
	for (const api of old) {
		const other = others.get(api.name);
		if (!other) {
			unsafe.push(`the runtime API ${api.name} is removed`);
			continue;
		}
		if (api.version !== undefined && api.version !== other.version) {
			notes.push(`the runtime API ${api.name} has version ${other.version} after ${api.version}`);
			if (other.version < api.version) unsafe.push(`the version of the runtime API ${api.name} falls`);
		}
		const methods = byName(other.methods);
		for (const method of api.methods) {
			const what = `the runtime API function ${api.name}_${method.name}`;
			const after = methods.get(method.name);
			const parts = ({ inputs, output }) => [...inputs.map(({ type }) => type), output];
			if (!after) unsafe.push(`${what} is removed: nodes of the current release may call it`);
			else {
				const result = types.all(parts(method), parts(after));
				if (result === 'changed') unsafe.push(`${what} has other arguments or another answer`);
				else if (result === 'extended') notes.push(`${what} takes or answers further values`);
			}
		}
		const known = byName(api.methods);
		for (const { name } of other.methods) if (!known.has(name)) notes.push(`the runtime API function ${api.name}_${name} is new`);
	}
	const known = byName(old);
	for (const { name } of next) if (!known.has(name)) notes.push(`the runtime API ${name} is new`);
}
