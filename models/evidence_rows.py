"""The evidence table: what was found of every signal, target and category, in columns and words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.leadtest import Sequences
from models.panel import Known
from models.types import Bools, Floats, Ints

MIN_WEEKS = 52
ALPHA = 0.05
EVIDENCE: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "signal": pl.String(),
    "target": pl.String(),
    "category": pl.String(),
    "status": pl.String(),
    "lead_weeks": pl.Int32(),
    **dict.fromkeys(
        ("effect", "effect_lo", "effect_hi", "p_value", "q_value", "oos_gain_share", "oos_p_value"),
        pl.Float64(),
    ),
    "direction_ok": pl.Boolean(),
    "adopted_since": pl.Date(),
    "change_reason": pl.String(),
    **dict.fromkeys(("n_weeks", "n_mentions", "n_conversations", "n_series"), pl.Int64()),
    "conversations_per_week_needed": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class TargetTest:
    """One target's tests: K signals, C categories with the pool last, T weeks.

    ``rate`` (K, C-1, T): each signal as heard, nan before it tells; ``demand`` (C-1, T): the log
    index; ``expected`` (C-1, T): what sales let expect of it, None of units; ``free`` (S, T): demand
    of the series without promotions, None where there are none. ``enough`` and
    ``adopted`` are (K, C); counts likewise; ``enough_by_week`` (K, C, T).
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    results: Sequences
    rate: Floats
    demand: Floats
    expected: Floats | None
    free: Floats | None
    enough_by_week: Bools
    mentions: Floats
    conversations: Floats
    weeks_heard: Ints
    series: Ints
    needed: Floats
    adopted: Bools


@dataclass(frozen=True, slots=True)
class Gates:
    """One target's gates, (K, C) each: the latest q, direction, adoption and the week since.

    ``passed`` (K, C, W): at every gate week.
    """

    q: Floats
    right: Bools
    adopted: Bools
    since: Ints
    passed: Bools


def _reasons(gates: Gates, status: pl.Series) -> pl.Series:
    """Return why each test stands as it does, in words."""
    recent = gates.passed[..., -4:]
    since = np.where(gates.since >= 0, "retired", "never adopted")
    words = {
        "word": np.where(gates.adopted, "adopted", since).ravel(),
        "n": recent.sum(axis=2).ravel(),
        "status": status,
    }
    few = pl.when(pl.col("status") == "insufficient").then(
        pl.lit("; fewer conversations than it takes to tell")
    )
    told = f"{{}}: passed {{}} of the last {recent.shape[2]} weekly gates{{}}"
    line = pl.format(told, "word", "n", few.otherwise(pl.lit("")))
    return pl.DataFrame(words).select(line.alias("reason")).to_series()


def _statuses(test: TargetTest, gates: Gates) -> pl.Series:
    """Return the status of each tested pair.

    ``insufficient`` where nothing was found and less is said a week than it takes to tell.
    """
    p, oos_p = test.results.p[:, :, -1], test.results.oos_p[:, :, -1]
    found = np.where(oos_p < p, oos_p, p) <= ALPHA
    few = test.conversations < test.needed * test.weeks_heard
    none = np.where(few, "insufficient", "rejected")
    untold = np.where(gates.right, np.where(found, "candidate", none), "rejected")
    return pl.Series(np.where(gates.adopted, "confirmed", untold).ravel(), dtype=pl.String)


def _spread(signal: Floats) -> Floats:
    """Return (K, C) standard deviations of the signals (K, C-1, T), the pool's of all in one."""
    if not signal.size:
        return np.zeros((signal.shape[0], signal.shape[1] + 1))
    square = np.ascontiguousarray(signal) ** 2
    pooled = square.reshape(len(square), -1).mean(axis=1)
    return np.asarray(np.sqrt(np.column_stack([square.mean(axis=2), pooled])))


def _told(test: TargetTest, gates: Gates) -> pl.DataFrame:
    """Return the evidence of one target's pairs, by signal and category, the pool last."""
    r, sd = test.results, _spread(test.results.signal)
    effect, se = r.effect[:, :, -1] * sd, r.effect_se[:, :, -1] * sd
    shape, status = effect.shape, _statuses(test, gates)
    tested = {
        "lead_weeks": r.lag[:, :, -1],
        "effect": effect,
        "effect_lo": effect - 1.96 * se,
        "effect_hi": effect + 1.96 * se,
        "p_value": r.p[:, :, -1],
        "q_value": gates.q,
        "oos_gain_share": r.oos_gain[:, :, -1],
        "oos_p_value": r.oos_p[:, :, -1],
        "direction_ok": gates.right,
    }
    counts = {
        "n_weeks": np.broadcast_to(test.weeks_heard, shape),
        "n_mentions": np.rint(test.mentions),
        "n_conversations": np.rint(test.conversations),
        "n_series": np.broadcast_to(test.series, shape),
        "conversations_per_week_needed": test.needed,
    }
    frame = pl.DataFrame({k: v.ravel() for k, v in (tested | counts).items()}).with_columns(
        status.alias("status"),
        _reasons(gates, status).alias("change_reason"),
        pl.Series("enough", test.enough_by_week[:, :, -1].ravel()),
    )
    needed = pl.col("conversations_per_week_needed")
    return frame.with_columns(
        pl.when("enough").then(pl.col(*tested)),
        pl.when("enough").then("status").otherwise(pl.lit("insufficient")).alias("status"),
        pl.when("enough")
        .then("change_reason")
        .otherwise(pl.lit("not enough said yet"))
        .alias("change_reason"),
        pl.when(needed.is_finite()).then(needed),
    )


def rows_of(known: Known, target: str, test: TargetTest, gates: Gates) -> pl.DataFrame:
    """Return a target's rows of the evidence table; of a single category the pool is no test."""
    categories, first = [*test.categories, None], MIN_WEEKS - 1
    weeks = pl.Series(known.panels[target].weeks).cast(pl.Date)
    at = pl.Series(np.where(gates.adopted, first + gates.since, 0).ravel())
    key = {
        "as_of": pl.repeat(known.cutoff, at.len(), dtype=pl.Date(), eager=True),
        "signal": [name for name in test.names for _ in categories],
        "target": pl.repeat(target, at.len(), dtype=pl.String(), eager=True),
        "category": categories * len(test.names),
        "adopted_since": weeks.gather(at),
        "adopted": gates.adopted.ravel(),
    }
    frame = pl.concat(
        [pl.DataFrame(key, schema_overrides={"category": pl.String()}), _told(test, gates)],
        how="horizontal",
    ).with_columns(pl.when("adopted").then("adopted_since"))
    shown = frame if len(categories) > 2 else frame.filter(pl.col("category").is_not_null())
    return shown.select(pl.col(name).cast(dtype) for name, dtype in EVIDENCE.items())
