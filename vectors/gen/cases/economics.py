"""Fees and their split, rewards, slashes and deposits."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile, hexadecimal
from model import economics as eco
from model import scale
from model.economics import BILLION, ONE, TOS
from model.hashing import blake2_256
from model.payouts import OVERDUE, Page, Payouts, Position

from cases.builders import arithmetic, constant_case
from cases.fixtures import EXISTENTIAL_DEPOSIT

# Abscissae and ordinates of the reward curve, ECO-R5.
CURVE = [
    (0, 25_000_000),
    (500_000_000, 100_000_000),
    (514_743_000, 86_136_000),
    (529_486_000, 74_835_000),
    (544_229_000, 65_623_000),
    (558_972_000, 58_114_000),
    (573_715_000, 51_993_000),
    (588_456_000, 47_004_000),
    (603_197_000, 42_937_000),
    (617_937_000, 39_622_000),
    (632_675_000, 36_920_000),
    (647_415_000, 34_717_000),
    (662_156_000, 32_921_000),
    (676_897_000, 31_457_000),
    (691_632_000, 30_264_000),
    (706_375_000, 29_291_000),
    (721_114_000, 28_498_000),
    (735_842_000, 27_852_000),
    (750_579_000, 27_325_000),
    (765_292_000, 26_896_000),
    (780_013_000, 26_546_000),
    (794_712_000, 26_261_000),
    (809_448_000, 26_028_000),
    (824_189_000, 25_838_000),
    (838_837_000, 25_684_000),
    (853_524_000, 25_558_000),
    (868_243_000, 25_455_000),
    (882_966_000, 25_371_000),
    (897_571_000, 25_303_000),
    (912_311_000, 25_247_000),
    (926_819_000, 25_202_000),
    (941_413_000, 25_165_000),
    (955_889_000, 25_135_000),
    (970_009_000, 25_111_000),
    (984_340_000, 25_091_000),
    (998_289_000, 25_075_000),
    (1_000_000_000, 25_073_000),
]
ISSUANCE = 100_000_000 * TOS
ERA_MS = 3_600_000


def _constants() -> VectorFile:
    return VectorFile(
        "conformance/economics/constant",
        "constant",
        "Units, deposits and bounds of payouts in the metadata",
        [],
        [
            constant_case(
                "Balances", "ExistentialDeposit", "u128", EXISTENTIAL_DEPOSIT, scale.u128(EXISTENTIAL_DEPOSIT)
            )
            | {"rules": ["ECO-R1"]},
            constant_case("System", "SS58Prefix", "u16", 42, scale.u16(42)) | {"rules": ["ECO-R1"]},
            constant_case("Staking", "MaxExposurePageSize", "u32", 32, scale.u32(32)) | {"rules": ["ECO-R6"]},
            constant_case("Payouts", "OverdueEras", "u32", OVERDUE, scale.u32(OVERDUE)) | {"rules": ["ECO-R10"]},
            *(
                constant_case(pallet, name, "u128", eco.deposit(*size), scale.u128(eco.deposit(*size)))
                | {"rules": ["ECO-R9"]}
                for pallet, name, size in (
                    ("Multisig", "DepositBase", (1, 88)),
                    ("Multisig", "DepositFactor", (0, 32)),
                    ("Proxy", "ProxyDepositBase", (1, 8)),
                    ("Proxy", "ProxyDepositFactor", (0, 37)),
                    ("Proxy", "AnnouncementDepositBase", (1, 8)),
                    ("Proxy", "AnnouncementDepositFactor", (0, 68)),
                    ("Session", "KeyDeposit", (3, 256)),
                )
            ),
        ],
    )


def _arithmetic(name: str, title: str, rules: list[str], cases: list[dict[str, Any]]) -> VectorFile:
    return VectorFile(f"conformance/economics/{name}", "arithmetic", title, rules, cases)


def _inclusion_fees() -> VectorFile:
    def case(name: str, length: int, weight: int, multiplier: int) -> dict[str, Any]:
        inputs = {"length": length, "weight": weight, "multiplier": multiplier}
        outputs = {
            "lengthFee": eco.length_fee(length, multiplier),
            "weightFee": eco.weight_fee(weight, multiplier),
        }
        return arithmetic(name, "inclusion-fee", inputs, outputs)

    return _arithmetic(
        "inclusion-fee",
        "Length and weight fee; the base fee is the runtime's measured base weight",
        ["ECO-R2"],
        [
            case("an ordinary transfer", 147, 150_000_000, ONE),
            case("the same at three and a half times the price", 147, 150_000_000, 7 * ONE // 2),
            case("rounded down", 0, 3, 1_333_333_333_333_333_333),
            case("the length rounded down", 3, 0, 1_000_000_111_111_111_111),
            case("nothing", 0, 0, ONE),
            case("the whole block", eco.MAX_NORMAL_LENGTH, eco.MAX_BLOCK_WEIGHT, 1_000 * ONE),
            case("more than the whole block", 1, 2 * eco.MAX_BLOCK_WEIGHT, ONE),
        ],
    )


def _multipliers() -> VectorFile:
    def case(
        name: str, multiplier: int, normal: int, length: int = 0, operational: int = 0
    ) -> dict[str, Any]:
        inputs = {
            "multiplier": multiplier,
            "normalWeight": normal,
            "operationalWeight": operational,
            "length": length,
        }
        outputs = {"next": eco.next_multiplier(multiplier, normal, operational, length)}
        return arithmetic(name, "fee-multiplier", inputs, outputs)

    full, target = eco.MAX_NORMAL_WEIGHT, eco.MAX_NORMAL_WEIGHT // 4
    long, long_target = eco.MAX_NORMAL_LENGTH, eco.MAX_NORMAL_LENGTH // 4
    return _arithmetic(
        "fee-multiplier",
        "The multiplier after a block",
        ["ECO-R3"],
        [
            case("full at the start", ONE, full),
            case("empty at the start: no further fall", ONE, 0),
            case("on target", 5 * ONE, target),
            case("a picosecond above the target", 5 * ONE, target + 1),
            case("a picosecond below the target", 5 * ONE, target - 1),
            case("half full", 123_456_789_012_345_678_901, full // 2),
            case("empty", 123_456_789_012_345_678_901, 0),
            case("full at the maximum: no further rise", 1_000 * ONE, full),
            case("more than the limit of the normal class, by hooks that count to it", 2 * ONE, 2 * full),
            case("full of operational transactions", 2 * ONE, 0, operational=full),
            case("both classes together on the target", 5 * ONE, target - 7, operational=7),
            case("both together a picosecond above the target", 5 * ONE, target - 7, operational=8),
            case("both together more than the limit of the normal class", 2 * ONE, full, operational=full // 3),
            case("length against both classes together", 2 * ONE, full // 4, long // 3, full // 4),
            case("full of one long remark", 2 * ONE, full // 500, long),
            case("longer than the normal class may be, by an upgrade", 2 * ONE, 0, 9 * long),
            case("full in both", 2 * ONE, full, long),
            case("half full of weight, a third of length", 2 * ONE, full // 2, long // 3),
            case("a third of weight, half full of length", 2 * ONE, full // 3, long // 2),
            case("on the target of length", 5 * ONE, target // 2, long_target),
            case("a byte above the target", 5 * ONE, target // 2, long_target + 1),
            case("a byte below the target", 5 * ONE, target // 2, long_target - 1),
            case("light and short", 5 * ONE, full // 10, long // 8),
        ],
    )


def _splits() -> VectorFile:
    def case(name: str, fee: int, tip: int) -> dict[str, Any]:
        treasury, author = eco.split(fee, tip)
        outputs = {"treasury": treasury, "author": author}
        return arithmetic(name, "fee-split", {"fee": fee, "tip": tip}, outputs)

    return _arithmetic(
        "fee-split",
        "Shares of treasury and author in the fees and tips of a block",
        ["ECO-R4"],
        [
            case("a whole number of parts", 1_000_000_000, 0),
            case("the author gets the remainder of the division", 1_000_000_009, 0),
            case("with a tip", 1_000_000_004, 7),
            case("a tip alone", 0, 5 * TOS),
            case("one unit", 1, 0),
            case("very large amounts", 10**30, 10**30),
        ],
    )


def _payouts() -> VectorFile:
    def case(name: str, staked: int, milliseconds: int, issuance: int = ISSUANCE) -> dict[str, Any]:
        validators, treasury = eco.era_payout(CURVE, staked, issuance, milliseconds)
        inputs = {"staked": staked, "issuance": issuance, "milliseconds": milliseconds}
        return arithmetic(name, "era-payout", inputs, {"validators": validators, "treasury": treasury})

    shares = [0, 1, 25, 49, 50, 51, 55, 60, 67, 75, 90, 99, 100]
    return _arithmetic(
        "era-payout",
        "Payouts of eras",
        ["ECO-R5"],
        [
            *(case(f"{share} % staked", ISSUANCE * share // 100, ERA_MS) for share in shares),
            case("an odd stake", 61_803_398_874_989_484_820, ERA_MS + 17),
            case("more staked than issued", 2 * ISSUANCE, ERA_MS),
            case("an era of no time", ISSUANCE // 2, 0),
            case("an era of a year", ISSUANCE // 2, eco.YEAR_MS),
            case("an era of two years counts as one", ISSUANCE // 2, 2 * eco.YEAR_MS),
            case("a small issuance", 500, eco.YEAR_MS, 1_000),
        ],
    )


def _rewards() -> VectorFile:
    def case(
        name: str, payout: int, points: int, all_points: int, commission: int, own: int, nominators: list[int]
    ) -> dict[str, Any]:
        validator, rest = eco.rewards(payout, points, all_points, commission, own, nominators)
        return {
            "name": name,
            "payout": str(payout),
            "points": points,
            "allPoints": all_points,
            "commission": commission,
            "own": str(own),
            "nominators": [str(stake) for stake in nominators],
            "validatorReward": str(validator),
            "nominatorRewards": [str(reward) for reward in rest],
        }

    million = 1_000_000 * TOS
    return VectorFile(
        "conformance/economics/reward",
        "reward",
        "Rewards of a validator and its nominators for an era",
        ["ECO-R6"],
        [
            case("alone", 1_000 * TOS, 600, 600, 0, million, []),
            case("one of three", 1_000 * TOS + 1, 200, 600, 0, million, []),
            case("with a nominator", 1_000 * TOS, 20, 60, 0, million, [million]),
            case("with commission", 1_000 * TOS, 20, 60, BILLION // 10, million, [2 * million, 3 * million]),
            case("with full commission", 1_000 * TOS, 20, 60, BILLION, million, [million]),
            case(
                "odd amounts",
                987_654_321_012_345,
                140,
                11_740,
                123_456_789,
                million + 1,
                [million // 7, 3 * TOS],
            ),
        ],
    )


def _slashes() -> VectorFile:
    def case(name: str, fraction: int, stake: int) -> dict[str, Any]:
        slash = eco.of(fraction, stake)
        outputs = {"slash": slash, "reporter": eco.reporter_share(slash)}
        return arithmetic(name, "slash", {"fraction": fraction, "stake": stake}, outputs)

    return _arithmetic(
        "slash",
        "Slashes of a stake, and the reporter's share",
        ["ECO-R7"],
        [
            case("everything", BILLION, 1_000_000 * TOS),
            case("one of a hundred validators", 900_000, 1_000_000 * TOS),
            case("one of 21", 20_408_163, 10_000 * TOS + 7),
            case("half a unit rounds down", 500_000_000, 1),
            case("more than half a unit rounds up", 500_000_001, 1),
            case("nothing", 0, 1_000_000 * TOS),
        ],
    )


def _deposits() -> VectorFile:
    sizes = [(3, 256), (2, 64), (0, 1), (1, 88), (0, 32), (1, 8), (0, 37), (0, 68), (0, 0)]
    return _arithmetic(
        "deposit",
        "Refundable deposits",
        ["ECO-R9"],
        [
            arithmetic(
                f"{items} items of {length} bytes",
                "deposit",
                {"items": items, "bytes": length},
                {"deposit": eco.deposit(items, length)},
            )
            for items, length in sizes
        ],
    )


def _payout_blocks() -> VectorFile:
    accounts = [blake2_256(b"gtos/vectors/payouts" + bytes([number])) for number in range(4)]

    def page(page: Page) -> dict[str, Any]:
        return {"era": page.era, "validator": hexadecimal(page.validator), "page": page.number}

    def case(
        name: str,
        position: Position,
        active: int,
        stakers: dict[int, list[int]],
        *,
        blocks: list[int],
        current: int | None = None,
        claimed: set[tuple[int, int, int]] | None = None,
    ) -> dict[str, Any]:
        payouts = Payouts(
            position,
            active if current is None else current,
            active,
            {era: dict(zip(accounts, pages, strict=False)) for era, pages in stakers.items()},
            {Page(era, accounts[validator], number) for era, validator, number in claimed or set()},
        )
        content = {
            "name": name,
            "currentEra": payouts.current_era,
            "activeEra": active,
            "next": hexadecimal(position.encode()),
            "stakers": [
                {"era": era, "validator": hexadecimal(validator), "pages": pages}
                for era, validators in payouts.stakers.items()
                for validator, pages in validators.items()
            ],
            "claimed": [page(one) for one in sorted(payouts.claimed, key=lambda one: (one.era, one.validator, one.number))],
        }
        steps = []
        for idle_steps in blocks:
            first = payouts.initialize()
            last = payouts.idle(idle_steps)
            steps.append(
                {
                    "idleSteps": idle_steps,
                    "initialize": first and page(first),
                    "idle": [page(one) for one in last],
                    "next": hexadecimal(payouts.position.encode()),
                }
            )
        return content | {"blocks": steps}

    return VectorFile(
        "conformance/economics/payout",
        "payout",
        "The pages of rewards that each block pays",
        ["ECO-R10"],
        [
            case("an era of four, and the end of it", Position(0), 1, {0: [1, 1, 1, 1]}, blocks=[1] * 6),
            case("several pages", Position(3), 4, {3: [3, 0, 2]}, blocks=[1] * 7),
            case("two eras", Position(1), 3, {1: [1, 1], 2: [2, 1]}, blocks=[1] * 7),
            case("two pages in each block", Position(1), 3, {1: [1, 1], 2: [2, 1]}, blocks=[2] * 4),
            case("blocks with different weight left", Position(0), 1, {0: [2, 2, 1, 1]}, blocks=[0, 3, 1, 2, 3]),
            case("several eras in one block", Position(1), 3, {1: [0], 2: [0]}, blocks=[3, 3]),
            case("an era that is planned and not yet active", Position(1), 1, {1: [1]}, blocks=[1], current=2),
            case(
                "pages that others have claimed",
                Position(0),
                1,
                {0: [2, 1, 1]},
                blocks=[1] * 5,
                claimed={(0, 0, 0), (0, 1, 0)},
            ),
            case(
                "a claimed page does not end a block",
                Position(0),
                1,
                {0: [2, 1, 1]},
                blocks=[3, 3],
                claimed={(0, 0, 0), (0, 1, 0)},
            ),
            case("in the middle of an era", Position(5, accounts[2]), 6, {5: [1, 1, 1, 1]}, blocks=[1] * 4),
            case("an era without stakers", Position(7), 9, {8: [1]}, blocks=[1] * 3),
            case("eras that are forgotten", Position(1, accounts[1], 1), 400, {64: [1], 65: [1]}, blocks=[1] * 3),
            case("full blocks, one era before it is overdue", Position(0), 167, {0: [1, 1]}, blocks=[0] * 2),
            case("full blocks, and an overdue era", Position(0), 168, {0: [2, 1], 1: [1]}, blocks=[0] * 5),
            case("overdue pages first, then others", Position(0), 168, {0: [2, 1], 1: [1]}, blocks=[0, 1, 2]),
            case(
                "an era is overdue by the planned era",
                Position(0),
                167,
                {0: [1, 1]},
                blocks=[0, 0],
                current=168,
            ),
            case(
                "an overdue page that others have claimed",
                Position(0),
                168,
                {0: [2, 1]},
                blocks=[0] * 3,
                claimed={(0, 0, 0), (0, 1, 0)},
            ),
            case("full blocks, and eras that are forgotten", Position(1), 400, {64: [1], 65: [1]}, blocks=[0] * 4),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _constants()
    yield _inclusion_fees()
    yield _multipliers()
    yield _splits()
    yield _payouts()
    yield _rewards()
    yield _payout_blocks()
    yield _slashes()
    yield _deposits()
