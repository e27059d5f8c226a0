"""Ours against peers: tables, verdicts, and what they print. Pure but for printing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from bench import score
from bench.panels import Case
from bench.score import Made
from models.spec import bands

OURS, WITHOUT = "Hearcast", "Hearcast, no signals"
COMBINATIONS = {
    "mean: theta_ds, AutoETS, seasonal naive": ("theta_ds", "AutoETS", "seasonal naive"),
    "mean: theta_ds, LightGBM, seasonal naive": ("theta_ds", "LightGBM", "seasonal naive"),
    "mean: AutoETS_ds, theta_ds, LightGBM": ("AutoETS_ds", "theta_ds", "LightGBM"),
}


ALL = "all"
# By how much ours may be above a peer: real panels, and peers that are given the true lag.
BOUNDS_REAL = {"best single peer in hindsight": 0.02, "peer chosen before": 0.0}
BOUNDS_GIVEN = {"AutoARIMA-X": -0.06, "SARIMAX-X": -0.03}


@dataclass(frozen=True, slots=True)
class Method:
    """One method's forecasts at the scored cutoffs, and at the rehearsals (None: it has none)."""

    made: Made
    rehearsed: Made | None
    seconds: float
    single: bool


def spans(case: Case) -> list[tuple[str, slice]]:
    """Bands of horizons; where peers are given the true lag, all horizons as well."""
    out = [(name, slice(low - 1, high)) for name, low, high in bands(case.spec.horizon)]
    return out if case.truth is None else [*out, (ALL, slice(0, case.spec.horizon))]


def table(case: Case, methods: dict[str, Method]) -> list[dict[str, object]]:
    """One row per method and band: scores, and how far ours is from it on the same rows."""
    y = case.outcome.panels["units"].y
    actual = score.actuals_of(y, case.cutoffs, case.spec.horizon)
    mine = methods[OURS].made
    out: list[dict[str, object]] = []
    for band, span in spans(case):
        for name, method in methods.items():
            row = {
                "panel": case.name, "band": band, "method": name, "series": len(method.made.rows),
                **asdict(score.scores(actual, method.made, span)),
                "seconds": method.seconds, "single": method.single,
            }  # fmt: skip
            for kind in ("mase", "mase50", "spl"):
                found = score.gap(actual, mine, method.made, kind, span)
                row[f"ours_{kind}"] = found.share
                row[f"ours_{kind}_low"], row[f"ours_{kind}_high"] = found.low, found.high
            out.append(row)
    return out


def chosen_before(case: Case, methods: dict[str, Method], kind: str, span: slice) -> str | None:
    """The single peer with the least loss at the rehearsals; None where there were none."""
    if not case.rehearsals or case.rehearsals[0] < 1:
        return None
    y = case.outcome.panels["units"].y[:, : case.cutoffs[0]]
    actual = score.actuals_of(y, case.rehearsals, case.spec.horizon)
    found = {}
    for name, method in methods.items():
        if method.rehearsed is not None and method.single:
            loss = score.losses(actual, method.rehearsed, kind)[..., span]
            if not np.isnan(loss).all():
                found[name] = float(np.nanmean(loss))
    return min(found, key=found.__getitem__) if found else None


def _bound(case: Case, band: str, kind: str, what: str) -> float | None:
    if case.truth is None:
        return BOUNDS_REAL.get(what)
    asked = band == ALL and kind != "spl"
    return BOUNDS_GIVEN.get(what.split(",", maxsplit=1)[0]) if asked else None


def verdicts(
    case: Case, methods: dict[str, Method], rows: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """Ours against the best single peer in hindsight, the one chosen before, and combinations.

    For MASE of the mean, of the median (published as mase_naive1) and SPL; peers without quantiles
    count for the first alone.
    Peers that are given the true lag stand by themselves: they know what nobody does.
    """
    out: list[dict[str, object]] = []
    for band, span in spans(case):
        cells = {str(r["method"]): r for r in rows if r["band"] == band}
        for kind in ("mase", "mase50", "spl"):
            value = {n: float(str(r[kind])) for n, r in cells.items()}
            singles = {n: v for n, v in value.items() if methods[n].single and np.isfinite(v)}
            free = {n: v for n, v in singles.items() if methods[n].rehearsed is not None}
            against: dict[str, str | None] = {
                "best single peer in hindsight": min(free, key=free.__getitem__),
                "peer chosen before": chosen_before(case, methods, kind, span),
            }
            against |= {name: name for name in (*COMBINATIONS, *singles) if name not in free}
            out += [
                {
                    "panel": case.name, "band": band, "loss": kind, "against": what, "peer": name,
                    "peer_loss": value[name], "share": cells[name][f"ours_{kind}"],
                    "low": cells[name][f"ours_{kind}_low"],
                    "high": cells[name][f"ours_{kind}_high"],
                    "bound": _bound(case, band, kind, what),
                }
                for what, name in against.items() if name is not None
            ]  # fmt: skip
    return out


def reached(verdict: dict[str, object]) -> bool | None:
    """Whether ours keeps within a verdict's bound; None where there is none.

    Ahead by a margin means that the interval excludes no difference, too.
    """
    if verdict["bound"] is None:
        return None
    bound, share, high = (float(str(verdict[k])) for k in ("bound", "share", "high"))
    return share <= bound and (bound >= 0 or high < 0)


def show(rows: Sequence[dict[str, object]]) -> None:
    """Print one case's table."""
    print(
        f"{'panel':18}{'band':7}{'method':42}{'n':>5}{'WAPE':>7}{'bias%':>7}{'MASE':>7}"
        f"{'MASE50':>8}{'SPL':>7}{'cov80':>7}  {'ours MASE %':22}{'ours SPL %':22}{'s':>6}"
    )
    for r in rows:
        n = {k: float(v) for k, v in r.items() if isinstance(v, int | float)}
        parts = [
            f"{100 * n[k]:+6.1f} [{100 * n[k + '_low']:+5.1f},{100 * n[k + '_high']:+5.1f}]"
            for k in ("ours_mase", "ours_spl")
        ]
        print(
            f"{r['panel']:18}{r['band']:7}{r['method']:42}{r['series']:5}{n['wape']:7.3f}"
            f"{100 * n['bias']:+7.1f}{n['mase']:7.3f}{n['mase50']:8.3f}{n['spl']:7.3f}"
            f"{n['coverage']:7.2f}  {parts[0]:22}{parts[1]:22}{n['seconds']:6.0f}",
            flush=True,
        )


def show_verdicts(found: Sequence[dict[str, object]]) -> None:
    """Print how far ours is from the peers that count."""
    for v in found:
        n = {k: float(str(v[k])) for k in ("share", "low", "high", "peer_loss")}
        against, peer = str(v["against"]), str(v["peer"])
        name = against if against == peer else f"{against} ({peer})"
        sign = "ahead" if n["high"] < 0 else "behind" if n["low"] > 0 else "level"
        print(
            f"{v['panel']:18}{v['band']:7}{str(v['loss']).upper():7}{100 * n['share']:+6.1f} % "
            f"[{100 * n['low']:+5.1f}, {100 * n['high']:+5.1f}] {sign:7}"
            f"against {name}, {n['peer_loss']:.3f}{_word(v)}",
            flush=True,
        )


def _word(verdict: dict[str, object]) -> str:
    met = reached(verdict)
    if met is None:
        return ""
    return f": {'reached' if met else 'MISSED'} {100 * float(str(verdict['bound'])):+.0f} %"


def average(found: Sequence[dict[str, object]]) -> dict[str, float]:
    """Geometric mean over panels and bands of ours / each combination, less 1, by loss."""
    out = {}
    for loss in ("mase", "mase50", "spl"):
        for name in COMBINATIONS:
            logs = [
                np.log1p(float(str(v["share"])))
                for v in found
                if v["loss"] == loss and v["against"] == name and v["band"] != ALL
            ]
            if logs:
                out[f"{loss.upper()} against {name}"] = float(np.expm1(np.mean(logs)))
    return out


def without_nan(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Rows whose numbers that are none are None: JSON knows no nan."""
    return [
        {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()}
        for row in rows
    ]
