// The expected results of dpos_*, computed from the storage of the pallets.

import { rawCall } from './chain.mjs';
import { of, part } from './economics.mjs';

export const dpos = (api, method, ...params) => rawCall(api, `dpos_${method}`, ...params);

/** The expected answer of dpos_getValidators, from the storage of staking, session, Aura, GRANDPA and liveness. */
export async function validatorsInState(api, hash) {
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

/** The epoch information of RPC-R28 after block `number`. Assumes that governance forces no era. */
export async function epochInState(api, { hash, number, session, era, plannedEra, timing }) {
	const [length, perEra] = [timing.sessionLengthBlocks.toNumber(), timing.sessionsPerEra.toNumber()];
	const { query } = await api.at(hash);
	const start = async (index) => (await query.staking.erasStartSessionIndex(index)).unwrap().toNumber();
	const begun = await start(era);
	const nextEraSession = plannedEra > era ? await start(plannedEra) : Math.max(begun + perEra, session + 2);
	return {
		session,
		sessionProgress: number % length,
		sessionLength: length,
		era,
		eraProgress: session - begun,
		sessionsPerEra: perEra,
		nextSessionBlock: (Math.floor(number / length) + 1) * length,
		nextEraSession,
		nextEraBlock: nextEraSession * length,
	};
}

/** The rewards of a validator and of its nominators for an era (ECO-R6), and whether they have been paid. */
export async function rewardOfEra(query, era, stash) {
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

/** The `rewards` of RPC-R27 for a validator after block `hash`. */
export async function rewardsInState(api, hash, stash) {
	const { query } = await api.at(hash);
	const era = (await query.staking.activeEra()).unwrap().index.toNumber();
	const rewards = await Promise.all(Array.from({ length: era }, (_, index) => rewardOfEra(query, index, stash)));
	const sum = (parts) => parts.reduce((total, { own }) => total + own, 0n).toString();
	return { fromEra: 0, earned: sum(rewards), claimed: sum(rewards.filter(({ isClaimed }) => isClaimed)) };
}

/** The slots that each validator has used and missed in the session of the last of `records`, one record per height. */
export function slotsInHeaders(records) {
	const { number, validators, timing } = records.at(-1);
	const length = timing.sessionLengthBlocks.toNumber();
	const counts = validators.map(() => ({ produced: 0, missed: 0 }));
	const first = Math.floor(number / length) * length + 1;
	for (let height = first; height <= number; height++) {
		const [previous, record] = [records[height - 1], records[height]];
		for (let slot = (previous.slot ?? record.slot - 1n) + 1n; slot < record.slot; slot++) {
			counts[Number(slot % BigInt(validators.length))].missed++;
		}
		counts[validators.indexOf(record.author)].produced++;
	}
	return counts;
}
