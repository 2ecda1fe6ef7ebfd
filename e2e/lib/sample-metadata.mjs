// Made-up metadata of one pallet, from a registry of a few types, in which tests change a part.

export const [U32, U64, CHOICE, CALLS, OTHER, ALL_CALLS] = [0, 1, 2, 3, 4, 5];

const primitive = (id, value) => ({ id, def: { tag: 'primitive', value: { tag: value } } });
const enumOf = (id, ...value) => ({ id, def: { tag: 'variant', value } });

/** A variant of an enum, with fields of these types. */
export const variant = (name, index, ...types) => ({ name, index, fields: types.map((type) => ({ type })) });

/** Metadata of one pallet with two calls, as `readMetadata` answers it. Each part can be replaced. */
export function metadata({ calls, choice, other, pallet, extensions, apis } = {}) {
	return {
		lookup: [
			primitive(U32, 'u32'),
			primitive(U64, 'u64'),
			enumOf(CHOICE, ...(choice ?? [variant('A', 0), variant('B', 1)])),
			enumOf(CALLS, ...(calls ?? [variant('put', 0, U32), variant('choose', 1, CHOICE)])),
			enumOf(OTHER, ...(other ?? [variant('Done', 0)])),
			enumOf(ALL_CALLS, variant('Store', 7, CALLS)),
		],
		outerEnums: { call: ALL_CALLS },
		extrinsic: { extensions: extensions ?? { Nonce: { identifier: 'Nonce', type: U32, additionalSigned: U32 } } },
		pallets: [
			{
				name: 'Store',
				index: 7,
				calls: CALLS,
				events: OTHER,
				errors: OTHER,
				storage: { items: [{ name: 'Items', type: { tag: 'plain', value: U32 }, fallback: '0x00' }] },
				constants: [{ name: 'Max', type: U32, value: '0x01' }],
				viewFns: [{ id: '0x01', name: 'count', inputs: [], output: U32 }],
				...pallet,
			},
		],
		apis: apis ?? [{ name: 'StoreApi', version: 1, methods: [{ name: 'get', inputs: [{ type: U32 }], output: CHOICE }] }],
	};
}
