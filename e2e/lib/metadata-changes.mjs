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

	/** Takes two types as equal, because their differences are reported elsewhere. */
	ignore(old, next) {
		if (old !== undefined && next !== undefined) this.#known.set(`${old}/${next}`, 'equal');
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

/** Collects changes: sentences for readers, and what of it breaks clients. */
class Changes {
	#found = [];

	/** Adds to a list of `metadataChanges` that `what`, a kind and a name such as `call Store.put`, does this. */
	add(list, what, verb, { breaks = list !== 'notes', item = what } = {}) {
		this.#found.push({ list, item, sentence: `the ${what} ${verb}`, breaks });
	}

	/** The same for a change that clients of the old version do not survive, although the chain does. */
	addBreak(what, verb, item = what) {
		this.add('notes', what, verb, { breaks: true, item });
	}

	of(list) {
		return this.#found.filter((change) => change.list === list).map(({ sentence }) => sentence);
	}

	breaks() {
		return this.#found.filter(({ breaks }) => breaks).map(({ item, sentence }) => ({ item, sentence }));
	}
}

/**
 * Returns what changes from `old` to `next`, both as `readMetadata` answers them: `{ signing, unsafe, notes }`, lists of
 * sentences. Those of `signing` change the bytes that are signed, and demand a higher `transaction_version`.
 */
export function metadataChanges(old, next) {
	const changes = compare(old, next);
	return { signing: changes.of('signing'), unsafe: changes.of('unsafe'), notes: changes.of('notes') };
}

/**
 * Returns what clients of `old` do not survive in `next`: `[{ item, sentence }]`. An item is a kind and a name, such as
 * `call Store.put` or `storage Store.Items`. Additions are not among them, nor are other values of constants.
 */
export const metadataBreaks = (old, next) => compare(old, next).breaks();

function compare(old, next) {
	const changes = new Changes();
	const types = new Types(old.lookup, next.lookup);
	// Each call and each event is compared by itself. A change of one is not also one of all that contain calls or events.
	for (const kind of ['call', 'event']) types.ignore(old.outerEnums?.[kind], next.outerEnums?.[kind]);
	compareExtensions(types, old.extrinsic, next.extrinsic, changes);
	const pallets = byName(next.pallets);
	for (const pallet of old.pallets) {
		const other = pallets.get(pallet.name);
		const what = `pallet ${pallet.name}`;
		if (!other) {
			changes.add('signing', what, 'is removed');
			continue;
		}
		if (other.index !== pallet.index) {
			changes.add('signing', what, `moves from index ${pallet.index} to ${other.index}`);
		}
		compareVariants(types, 'call', pallet.name, [pallet.calls, other.calls], changes);
		compareVariants(types, 'event', pallet.name, [pallet.events, other.events], changes);
		compareVariants(types, 'error', pallet.name, [pallet.errors, other.errors], changes);
		compareStorage(types, pallet, other, changes);
		compareConstants(types, pallet, other, changes);
		compareViewFunctions(types, pallet, other, changes);
	}
	const known = byName(old.pallets);
	for (const { name, index } of next.pallets) {
		if (known.has(name)) continue;
		changes.add('notes', `pallet ${name}`, 'is new');
		const former = old.pallets.find((pallet) => pallet.index === index);
		if (former) changes.add('unsafe', `pallet ${name}`, `has the index ${index}, which was that of ${former.name}`);
	}
	compareApis(types, old.apis, next.apis, changes);
	return changes;
}

function compareExtensions(types, old, next, changes) {
	// Later versions of the metadata name the extensions of each version of the extrinsic.
	const list = ({ extensions, signedExtensions }) => Object.values(extensions ?? signedExtensions);
	const [before, after] = [list(old), list(next)];
	const names = (extensions) => extensions.map(({ identifier }) => identifier).join(', ');
	if (names(before) !== names(after)) {
		changes.add('signing', 'extensions', `change from ${names(before)} to ${names(after)}`);
		return;
	}
	before.forEach(({ identifier, type, additionalSigned }, i) => {
		if (types.all([type, additionalSigned], [after[i].type, after[i].additionalSigned]) !== 'equal') {
			changes.add('signing', `extension ${identifier}`, 'has another encoding');
		}
	});
}

function compareVariants(types, kind, name, [old, next], changes) {
	const [before, after] = types.variantsOf(typeOf(old), typeOf(next));
	// Only calls are signed. Whoever decodes events and errors by the old metadata misreads them all the same.
	const addSerious = (what, verb) => changes.add(kind === 'call' ? 'signing' : 'notes', what, verb, { breaks: true });
	const others = byName(after);
	for (const variant of before) {
		const what = `${kind} ${name}.${variant.name}`;
		const other = others.get(variant.name);
		if (!other) addSerious(what, 'is removed');
		else if (other.index !== variant.index) addSerious(what, `moves from index ${variant.index} to ${other.index}`);
		else {
			const result = types.variants([variant], [other]);
			if (result === 'changed') addSerious(what, 'has other fields');
			else if (result === 'extended') changes.add('notes', what, 'takes further values');
		}
	}
	const known = byName(before);
	for (const variant of after) {
		if (known.has(variant.name)) continue;
		const what = `${kind} ${name}.${variant.name}`;
		changes.add('notes', what, 'is new');
		const former = before.find(({ index }) => index === variant.index);
		if (former) addSerious(what, `has the index that was that of ${former.name}`);
	}
}

function compareStorage(types, { name, storage }, { storage: other }, changes) {
	const others = byName(other?.items);
	for (const item of storage?.items ?? []) {
		const [what, key] = [`storage item ${name}.${item.name}`, `storage ${name}.${item.name}`];
		const next = others.get(item.name);
		if (!next) {
			changes.addBreak(what, 'is removed; a migration has to remove its values', key);
			continue;
		}
		const hashers = ({ type }) => JSON.stringify([type.tag, type.value.hashers?.map(({ tag }) => tag)]);
		const parts = ({ type: { tag, value } }) => (tag === 'plain' ? [value] : [value.key, value.value]);
		if (hashers(item) !== hashers(next)) changes.add('unsafe', what, 'has other keys', { item: key });
		else {
			const result = types.all(parts(item), parts(next));
			if (result === 'changed') changes.addBreak(what, 'has another type; a migration has to rewrite its values', key);
			else if (result === 'extended') changes.add('notes', what, 'takes further values');
			// It is what clients read where nothing is stored.
			if (item.fallback !== next.fallback) changes.addBreak(what, 'has another default', key);
		}
	}
	const known = byName(storage?.items);
	for (const item of other?.items ?? []) {
		if (!known.has(item.name)) changes.add('notes', `storage item ${name}.${item.name}`, 'is new');
	}
}

function compareConstants(types, { name, constants }, { constants: other }, changes) {
	const others = byName(other);
	for (const constant of constants) {
		// It differs in every release.
		if (name === 'System' && constant.name === 'Version') continue;
		const what = `constant ${name}.${constant.name}`;
		const next = others.get(constant.name);
		if (!next) changes.addBreak(what, 'is removed');
		else if (types.compare(constant.type, next.type) === 'changed') changes.addBreak(what, 'has another type');
		else if (next.value !== constant.value) changes.add('notes', what, `changes from ${constant.value} to ${next.value}`);
	}
	const known = byName(constants);
	for (const constant of other) {
		if (!known.has(constant.name)) changes.add('notes', `constant ${name}.${constant.name}`, 'is new');
	}
}

// Types of the arguments and of the answer of a function.
const signature = ({ inputs, output }) => [...inputs.map(({ type }) => type), output];

// Metadata has view functions from version 16 on.
function compareViewFunctions(types, { name, viewFns = [] }, { viewFns: other = [] }, changes) {
	const others = byName(other);
	for (const view of viewFns) {
		const what = `view function ${name}.${view.name}`;
		const next = others.get(view.name);
		if (!next) changes.addBreak(what, 'is removed');
		else if (next.id !== view.id) changes.addBreak(what, `has the id ${next.id} after ${view.id}`);
		else if (types.all(signature(view), signature(next)) === 'changed') {
			changes.addBreak(what, 'has other arguments or another answer');
		}
	}
	const known = byName(viewFns);
	for (const view of other) {
		if (!known.has(view.name)) changes.add('notes', `view function ${name}.${view.name}`, 'is new');
	}
}

function compareApis(types, old, next, changes) {
	const others = byName(next);
	for (const api of old) {
		const [whole, key] = [`runtime API ${api.name}`, `api ${api.name}`];
		const other = others.get(api.name);
		if (!other) {
			changes.add('unsafe', whole, 'is removed', { item: key });
			continue;
		}
		if (api.version !== undefined && api.version !== other.version) {
			changes.add('notes', whole, `has version ${other.version} after ${api.version}`);
			if (other.version < api.version) {
				changes.add('unsafe', `version of the runtime API ${api.name}`, 'falls', { item: key });
			}
		}
		const methods = byName(other.methods);
		for (const method of api.methods) {
			const what = `runtime API function ${api.name}_${method.name}`;
			const item = `api ${api.name}_${method.name}`;
			const after = methods.get(method.name);
			if (!after) changes.add('unsafe', what, 'is removed: nodes of the current release may call it', { item });
			else {
				const result = types.all(signature(method), signature(after));
				if (result === 'changed') changes.add('unsafe', what, 'has other arguments or another answer', { item });
				else if (result === 'extended') changes.add('notes', what, 'takes or answers further values');
			}
		}
		const known = byName(api.methods);
		for (const { name } of other.methods) {
			if (!known.has(name)) changes.add('notes', `runtime API function ${api.name}_${name}`, 'is new');
		}
	}
	const known = byName(old);
	for (const { name } of next) if (!known.has(name)) changes.add('notes', `runtime API ${name}`, 'is new');
}
