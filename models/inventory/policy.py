"""Reorder points and orders of a periodic review, and the service that they should give.

At a review an order brings the position (available and on order) up to what demand of the
protection period, lead time plus review period, exceeds with chance 1 - service level. A delivery
serves demand from the day after it on. Lead times that vary are gamma distributed; quantiles are
then those of the mixture over lead times, not of a normal approximation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from models.inventory.course import Course
from models.types import Bools, Floats, Ints

NODES = 9
POINTS = 100
LEVELS = (np.arange(POINTS) + 0.5) / POINTS
"""Equally likely levels: a distribution as so many points."""
HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Terms:
    """How each of N SKUs is ordered: days (N,), the wanted cycle service level, and quantities.

    ``moq`` and ``pack``: nan = none. ``pieces`` (N,): sold in whole units only.
    """

    lead_days: Floats
    lead_std_days: Floats
    review_days: Floats
    service: Floats
    moq: Floats
    pack: Floats
    pieces: Bools


@dataclass(frozen=True, slots=True)
class Levels:
    """Demand of the protection period and what follows from it, (N,) each, in units."""

    mean: Floats
    p50: Floats
    p90: Floats
    p95: Floats
    reorder: Floats
    order_up_to: Floats


def lead_nodes(terms: Terms) -> Floats:
    """Return (N, J) equally likely lead times: J = 1 where all are certain.

    Midpoints of equal parts of a gamma distribution, stretched to its standard deviation.
    """
    mean, std = terms.lead_days[:, None], terms.lead_std_days[:, None]
    if not (std > 0).any():
        return mean
    level = (np.arange(NODES) + 0.5) / NODES
    shape = np.where(std > 0, (mean / np.where(std > 0, std, 1.0)) ** 2, 1.0)
    shape = np.maximum(shape, HAIR)
    unit = gammaincinv(shape, level[None, :]) / shape
    away = unit - unit.mean(axis=1, keepdims=True)
    size = np.sqrt((away**2).mean(axis=1, keepdims=True))
    wanted = std / np.where(mean > 0, mean, 1.0)
    nodes = mean * (1 + away * wanted / np.maximum(size, HAIR))
    return np.asarray(np.where(std > 0, np.maximum(nodes, 0.0), mean))


def spans(course: Course, days: Floats) -> Floats:
    """Return (N, J, P) equally likely demands of the first ``days`` (N, J)."""
    return course.quantiles(days, LEVELS)


def levels_of(course: Course, terms: Terms) -> Levels:
    """Return the reorder points: quantiles of demand over lead time plus review period."""
    nodes = lead_nodes(terms)
    days = nodes + terms.review_days[:, None]
    mean = course.expected(days).mean(axis=1)
    asked = np.stack(
        [np.full(len(mean), 0.5), np.full(len(mean), 0.9), np.full(len(mean), 0.95), terms.service],
        axis=1,
    )
    if nodes.shape[1] == 1:
        made = course.quantiles(days, asked)[:, 0]
    else:
        mixed = np.sort(spans(course, days).reshape(len(mean), -1), axis=1)
        made = _quantiles(mixed, asked)
    reorder = made[:, 3]
    up_to = np.where(terms.pieces, np.ceil(reorder - HAIR), reorder)
    return Levels(mean, made[:, 0], made[:, 1], made[:, 2], reorder, up_to)


def _quantiles(points: Floats, levels: Floats) -> Floats:
    """Return (N, L) quantiles of equally likely ascending points (N, P), each row at its levels."""
    n = points.shape[1]
    at = np.clip(levels * n - 0.5, 0, n - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    rows = np.arange(len(points))[:, None]
    part = at - low
    return np.asarray((1 - part) * points[rows, low] + part * points[rows, high])


def order(up_to: Floats, position: Floats, terms: Terms) -> Floats:
    """Return (N,) what to order: the shortfall, at least the minimum, in whole packs; nan stays."""
    short = np.maximum(up_to - position, 0.0)
    least = np.maximum(short, np.nan_to_num(terms.moq))
    pack = np.where(np.nan_to_num(terms.pack) > 0, terms.pack, np.where(terms.pieces, 1.0, 0.0))
    packs = np.ceil(least / np.where(pack > 0, pack, 1.0) - HAIR)
    sized = np.where(pack > 0, packs * pack, least)
    return np.asarray(np.where(np.isnan(short), np.nan, np.where(short > HAIR, sized, 0.0)))


def days_to_wait(course: Course, terms: Terms, position: Floats) -> Ints:
    """Return (N,) days that an order can wait: 0 = it is due now, -1 = beyond the forecast.

    An order of day d arrives a lead time later; until then the position has to last with the wanted
    service level. Lead times that vary are taken at their mean.
    """
    ahead = np.broadcast_to(np.arange(1.0, course.last_day + 1), (len(position), course.last_day))
    wanted = course.quantiles(ahead, terms.service[:, None])[:, :, 0]
    short = np.maximum.accumulate(wanted, axis=1) > position[:, None] + HAIR
    lasts = np.where(short.any(axis=1), short.argmax(axis=1), -1)
    wait = np.maximum(lasts - np.ceil(terms.lead_days), 0)
    return np.asarray(np.where(lasts < 0, -1, wait).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Service:
    """What is expected of the cycle that tonight's order begins, (N,): shares."""

    cycle: Floats
    fill: Floats


def service_of(course: Course, terms: Terms, position: Floats) -> Service:
    """Return cycle service and fill rate for a ``position`` (N,) after tonight's order.

    Cycle service: the chance that the position outlasts lead time and review period. Fill rate: of
    what is demanded between the receipt of tonight's order and of the next one, the share served.
    """
    nodes = lead_nodes(terms)
    until = spans(course, nodes + terms.review_days[:, None])
    before = spans(course, nodes)
    limit = position[:, None, None]
    lasts = (until <= limit + HAIR).mean(axis=(1, 2))
    short = np.maximum(until - np.maximum(limit, before), 0.0).mean(axis=(1, 2))
    wanted = (until - before).mean(axis=(1, 2))
    served = 1 - short / np.where(wanted > 0, wanted, 1.0)
    unknown = np.isnan(position)
    fill = np.where(unknown | (wanted <= 0), np.nan, np.clip(served, 0.0, 1.0))
    return Service(np.where(unknown, np.nan, lasts), fill)
