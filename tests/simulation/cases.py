"""The published cases (`../shared/reference/queueing_cases.json`): the callers of each, and what must come out.

`play` runs one case through a simulation and gives its figures by the file's names, each with its standard error from
40 batches of calls (by replications where the case says so).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.simulation.alike import Callers, by_reference
from tests.simulation.reference import BLOCKED, ENDLESS, Day, House, Pool

BATCHES = 40
LIMIT_S = 20
WARM_UP = 0.02
Floats = npt.NDArray[np.float64]
Figures = dict[str, tuple[float, float]]
"""(value, standard error) by name"""
Run = Callable[[House, Callers], Day]


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    params: Mapping[str, Any]
    result: Mapping[str, float]

    @property
    def family(self) -> str:
        return self.id[:2]


def read_cases(shared: Path) -> dict[str, Case]:
    found = json.loads((shared / "reference" / "queueing_cases.json").read_text(encoding="utf-8"))
    return {each["id"]: Case(id=each["id"], params=each["params"], result=each["result"]) for each in found["cases"]}


def play(case: Case, count: int, *, seed: int, run: Run = by_reference) -> Figures:
    if case.family == "LF":
        return _fairness(case, run, seed=seed)
    house, given = house_of(case), callers_of(case, count, seed=seed)
    return _figures(case, house, given, run(house, given))


# --- what a case consists of -----------------------------------------------------------------------------------------


def house_of(case: Case) -> House:
    params = case.params
    match case.family:
        case "PR":
            kinds = len(params["lambda_per_h"])
            pool = Pool(count=params["n"], serves=tuple(range(kinds)))
            return House(pools=(pool,), prefers=(((0,),),) * kinds, rank=tuple(range(kinds)))
        case "AM":
            threshold = params["threshold"]
            return House(
                pools=(Pool(count=params["n"], serves=(0, 1)),),
                prefers=(((0,),),) * 2,
                rank=(0, 0),
                threshold=threshold,
            )
        case "LI":
            fastest = max(params["mu_per_h"])
            pools = tuple(Pool(count=1, pace=fastest / rate) for rate in params["mu_per_h"])
            choice = "random" if case.id == "LI2" else "longest_idle"
            return House(pools=pools, prefers=((tuple(range(len(pools))),),), idle_choice=choice)
        case "WW":
            return _wallace_whitt(params)
    if case.id in ("SK1", "SK2"):
        shares = case.id == "SK2"  # freed agents of B serve class 2 first; class 1 prefers A
        pools = (Pool(count=params["nA"], serves=(0,)), Pool(count=params["nB"], serves=(1, 0) if shares else (1,)))
        prefers = (((0,), (1,)) if shares else ((0,),), ((1,),))
        return House(pools=pools, prefers=prefers, rank=(0, 0), by_arrival=False)
    return House(pools=(Pool(count=params["n"]),))


def callers_of(case: Case, count: int, *, seed: int) -> Callers:
    params = case.params
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *case.id.encode()])))
    rates = np.array(_rates_per_s(case))
    at = np.cumsum(random.standard_exponential(count)) / rates.sum()
    kind = np.searchsorted(np.cumsum(rates / rates.sum())[:-1], random.random(count), side="right")
    mean_s = 3600 / max(params["mu_per_h"]) if case.family == "LI" else params["AHT"]
    talk = random.standard_exponential(count) * mean_s
    patience = _patience(case, count, random)
    return Callers(at=_micros(at), kind=kind.tolist(), patience=patience, talk=_micros(talk), after_call=[0] * count)


def _rates_per_s(case: Case) -> list[float]:
    params = case.params
    match case.family:
        case "PR":
            return [rate / 3600 for rate in params["lambda_per_h"]]
        case "AM":
            return [params["lambda_rt_h"] / 3600, params["lambda_cb_h"] / 3600]
        case "WW":
            return [params["lambda_per_type_min"] / 60] * 6
        case "LI" | "LF":
            return [params["lambda_h"] / 3600]
    if "lambda1_h" in params:
        return [params["lambda1_h"] / 3600, params["lambda2_h"] / 3600]
    return [params.get("lambda_per_h", params.get("lambda_h")) / 3600]


def _patience(case: Case, count: int, random: np.random.Generator) -> list[int]:
    told, mean_s = case.params.get("patience", ""), case.params.get("mean_patience")
    if told == "deterministic patience 60 s":
        return [60_000_000] * count
    if told == "Erlang-2 patience mean 120 s":
        return _micros(random.standard_exponential((count, 2)).sum(axis=1) * 60)
    assert not told, told
    if mean_s is None:
        return [ENDLESS] * count
    stays = random.random(count) < case.params.get("q_callback", 0.0)
    patience = random.standard_exponential(count) * mean_s
    return np.where(stays, ENDLESS, np.rint(patience * 1e6)).astype(np.int64).tolist()  # type: ignore[no-any-return]


def _wallace_whitt(params: Mapping[str, Any]) -> House:
    """Six kinds, 15 agents whose first skill it is; further skills are the next kinds, each second and further skill
    spread evenly over the others."""
    skills, kinds = params["skills"], 6
    orders = _skill_orders(skills)
    pools = tuple(Pool(count=count, serves=order) for order, count in orders)
    prefers = []
    for kind in range(kinds):
        first = tuple(n for n, (order, _) in enumerate(orders) if order[0] == kind)
        others = tuple(n for n, (order, _) in enumerate(orders) if kind in order[1:])
        prefers.append((first, others) if others else (first,))
    return House(pools=pools, prefers=tuple(prefers), rank=(0,) * kinds, by_arrival=False, places=params["K"])


def _skill_orders(skills: int) -> list[tuple[tuple[int, ...], int]]:
    """The 15 agents of each kind: their other skills go round, so that each other kind is as often second, third …"""
    orders: list[tuple[tuple[int, ...], int]] = []
    for kind in range(6):
        others = [other for other in range(6) if other != kind]
        turns = 5 if skills > 1 else 1
        for turn in range(turns):
            rest = [others[(turn + n) % 5] for n in range(skills - 1)]
            orders.append(((kind, *rest), 15 // turns))
    return orders


# --- what came out ---------------------------------------------------------------------------------------------------


def _figures(case: Case, house: House, given: Callers, day: Day) -> Figures:
    at, answered_at = np.array(given.at), np.array(day.answered_at)
    kind, patience = np.array(given.kind), np.array(given.patience)
    is_answered, is_blocked = answered_at >= 0, answered_at == BLOCKED
    wait = np.where(is_answered, (answered_at - at) / 1e6, np.where(is_blocked, 0.0, patience / 1e6))
    start = int(len(at) * WARM_UP)
    parts = np.array_split(np.arange(start, len(at)), BATCHES)
    service, agent = np.array(given.talk) / 1e6, np.array(day.agent)
    batches = []
    for part in parts:
        span_s = (at[part[-1]] - at[part[0]]) / 1e6
        of = _Part(wait[part], is_answered[part], is_blocked[part], kind[part], service[part], agent[part], span_s)
        batches.append(_of_part(case, of) | (_by_agent(house, of) if case.family == "LI" else {}))
    names = dict.fromkeys(name for batch in batches for name in batch)
    return {name: _mean([batch[name] for batch in batches if name in batch]) for name in names}


@dataclass(slots=True)
class _Part:
    wait: Floats
    is_answered: npt.NDArray[np.bool_]
    is_blocked: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.int64]
    service: Floats
    agent: npt.NDArray[np.int64]
    span_s: float


def _of_part(case: Case, part: _Part) -> dict[str, float]:
    wait, answered = part.wait, part.is_answered
    gone = ~answered & ~part.is_blocked
    offered = len(wait)
    in_time = (answered & (wait <= LIMIT_S)).sum()
    gone_in_time = (gone & (wait <= LIMIT_S)).sum()
    waits = (wait > 0) | gone
    agents = case.params.get("n") or case.params.get("nA", 0) + case.params.get("nB", 0) or 1
    found = {
        "P_wait": waits.mean(),
        "P_ab": gone.mean(),
        "P_ab_total": gone.mean(),
        "P_served": answered.mean(),
        "ASA": wait[answered].mean(),
        "EW_all": wait.mean(),
        "EW_total": wait.mean(),
        "W_fcfs": wait.mean(),
        "SL": in_time / offered,
        "SL_excl_short_ab": in_time / (offered - gone_in_time),
        "P_ab_within_T": gone_in_time / offered,
        "EQ": wait.sum() / part.span_s,
        "EQ_total": wait.sum() / part.span_s,
        "EQ_erlangC": wait.sum() / part.span_s,
        "occ": part.service[answered].sum() / part.span_s / agents,
        "rho": part.service[answered].sum() / part.span_s / agents,
    }
    if case.family == "EC":
        found |= {"p90_wait": np.quantile(wait, 0.9), "E_wait_given_wait": wait[waits].mean()}
    for kind in range(int(part.kind.max()) + 1):
        mine = part.kind == kind
        found |= {
            f"W{kind + 1}": wait[mine].mean(),
            f"EW{kind + 1}": wait[mine].mean(),
            f"P_ab{kind + 1}": gone[mine].mean(),
            f"P_wait{kind + 1}": waits[mine].mean(),
        }
        if case.family == "AM":
            found[("W_realtime", "W_callback")[kind]] = wait[mine].mean()
    if case.family == "WW":
        entered = ~part.is_blocked
        found |= {
            "P_block": part.is_blocked.mean(),
            "mean_wait_s": wait[entered].mean(),
            "P_queued": (wait > 0).mean(),
            "P_wait_le_30s": (wait[entered] <= 30).mean(),
        }
    return {name: float(value) for name, value in found.items()}


def _by_agent(house: House, part: "_Part") -> dict[str, float]:
    """Occupancy, and the idle time before each call (none, when it had waited)."""
    paces = [pool.pace for pool in house.pools for _ in range(pool.count)]
    found: dict[str, float] = {}
    for agent, pace in enumerate(paces):
        mine = part.is_answered & (part.agent == agent)
        worked_s = part.service[mine].sum() * pace
        found[f"occ{agent + 1}"] = float(worked_s / part.span_s)
        found[f"mean_idle_spell{agent + 1}"] = float((part.span_s - worked_s) / mine.sum())
    return found


def _fairness(case: Case, run: Run, *, seed: int) -> Figures:
    """60 days of 8 hours; occupancy within the day."""
    params = case.params
    choice = {"LF1": "longest_idle", "LF2": "random", "LF4": "least_busy_time"}[case.id]
    found: dict[str, list[float]] = {}
    for day_number in range(60):
        house = House(pools=(Pool(count=params["n"]),), idle_choice=choice, seed=day_number)
        given = callers_of(case, int(params["lambda_h"] * params["hours"] * 1.2), seed=seed * 1000 + day_number)
        day = run(house, given)
        for name, value in _spread(given, day, params).items():
            found.setdefault(name, []).append(value)
    return {name: _mean(values) for name, values in found.items()}


def _spread(given: Callers, day: Day, params: Mapping[str, Any]) -> dict[str, float]:
    until = params["hours"] * 3_600_000_000
    answered_at, talk = np.array(day.answered_at), np.array(given.talk)
    mine = (answered_at >= 0) & (answered_at < until)
    agent = np.array(day.agent)[mine]
    busy = np.minimum(answered_at + talk, until)[mine] - answered_at[mine]
    occupancy = np.bincount(agent, weights=busy, minlength=params["n"]) / until
    calls = np.bincount(agent, minlength=params["n"])
    return {
        "sd_occ_between_agents": float(occupancy.std(ddof=1)),
        "range_occ": float(occupancy.max() - occupancy.min()),
        "cv_calls": float(calls.std(ddof=1) / calls.mean()),
    }


def _mean(values: Sequence[float]) -> tuple[float, float]:
    array = np.array(values)
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array)))


def _micros(seconds: Floats) -> list[int]:
    return np.rint(seconds * 1e6).astype(np.int64).tolist()  # type: ignore[no-any-return]
