"""language_match: our copy beside customers' words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta

import polars as pl
from scipy.sparse import csr_array

from flows.keys import keyring
from flows.masking import pseudonyms
from flows.office.given import Given
from flows.phrases import Counted, Passages
from models.office.language import coverage, people_phrases
from models.office.verdicts import against
from transforms import phrase_windows as windows
from transforms.asof import SOURCE
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE
from transforms.office import language as words
from transforms.stopwords import STOP_WORDS

WEEKS = 13


def language_match(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if reason := given.has("copy_pages"):
        return reason
    counted = given.said.counted
    if given.said.deaf is not None or counted is None:
        return given.said.deaf or "no passage that can be tagged is known of the last weeks"
    pages = _pages(given)
    wanted = pages.select(words.SCOPE).unique()
    weeks = [given.said.now.last_week - timedelta(weeks=i) for i in reversed(range(WEEKS))]
    recent = counted.phrases.filter(pl.col("week_start").is_in(weeks))
    chosen = words.candidates(recent, wanted)
    spoken = _spoken(given, counted, chosen)
    rows = [row for page in _scopes(pages, spoken) for row in page]
    return {"language_match": _table(given, pages, rows)}


def _pages(given: Given) -> pl.DataFrame:
    """The newest version of each page, with the category that it sells and its language."""
    told = given.shown("copy_pages").sort("page_id", "published_at", SOURCE)
    newest = told.unique("page_id", keep="last", maintain_order=True)
    usual = given.night.settings.tagging.languages[0]
    return newest.join(
        given.categories.select("sku", pl.col("category").alias("_sku")), on="sku", how="left"
    ).with_columns(
        pl.coalesce("_sku", "category").alias("category"), pl.col("language").fill_null(usual)
    )


def _spoken(given: Given, counted: Counted, chosen: pl.DataFrame) -> pl.DataFrame:
    """Who said which of the chosen phrases in the last weeks, a batch of texts in memory at a time."""
    last = given.said.now.last_week
    weeks = [last - timedelta(weeks=i) for i in reversed(range(WEEKS))]
    passages = Passages(given.night.lake, given.as_of, counted.heard)
    parts = [
        words.sayings(windows.said_in(batch, STOP_WORDS), chosen)
        for _, batch in passages.batches(weeks)
    ]
    empty = chosen.head(0).with_columns(pl.lit(0, pl.Int64).alias("person"))
    return pl.concat([empty, *parts]).unique()


def _scopes(pages: pl.DataFrame, spoken: pl.DataFrame) -> Iterator[list[dict[str, object]]]:
    """The rows of all pages, scope by scope: pages of one category and language share a matrix."""
    scope = list(words.SCOPE)
    counts = words.support(spoken)
    for group, mine in pages.group_by(scope, maintain_order=True):
        here = pl.all_horizontal(
            pl.col(n).eq_missing(pl.lit(v, pl.String)) for n, v in zip(scope, group, strict=True)
        )
        told = counts.filter(here).select("phrase", "people").sort("phrase").with_row_index("_at")
        pairs = spoken.filter(here).join(told, on="phrase")
        said = people_phrases(
            pairs["person"].to_numpy(), pairs["_at"].cast(pl.Int64).to_numpy(), told.height
        )
        lists = words.word_lists(words.copy_texts(mine["text"]))
        yield [
            {"page_id": page, **_row(f"{page}|{group}", copy, str(group[1]), told, said)}
            for page, copy in zip(mine["page_id"], lists, strict=True)
        ]


def _row(
    name: str, copy: list[str], language: str, told: pl.DataFrame, said: csr_array
) -> dict[str, object]:
    found = words.found_in(copy, told["phrase"].to_list(), language)
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")
    figures: dict[str, object] = {}
    for kind, stem in (("exact", "exact_"), ("lemma", "")):
        value, lo, hi = coverage(said, found[kind].cast(pl.Int64).to_numpy(), seed)
        figures |= {f"coverage_{kind}": value, f"{stem}lo": lo, f"{stem}hi": hi}
        figures[f"n_{kind}"] = int(found[kind].sum())
    return figures | {
        "n_phrases": told.height,
        "n_people": said.shape[0],
        "support_total": int(told["people"].sum()),
        "missing_phrases": words.missing(told.with_columns(found["lemma"])),
    }


def _table(given: Given, pages: pl.DataFrame, rows: list[dict[str, object]]) -> pl.DataFrame:
    contract = EXPORTS["language_match"]
    figures = {c.name: c.dtype for c in contract.columns if c.name in rows[0]}
    told = pages.drop("text", "owner").join(pl.DataFrame(rows, schema=figures), on="page_id")
    floats = [n for n, t in figures.items() if t == pl.Float64]
    target = given.night.settings.office.language.target
    last = given.said.now.last_week
    ends = (None, None) if target is None else (target.lo, target.hi)
    judged = told.with_columns(
        pl.col(floats).fill_nan(None),
        pl.lit(ends[0], pl.Float64).alias("target_lo"),
        pl.lit(ends[1], pl.Float64).alias("target_hi"),
        pl.lit(last - timedelta(weeks=WEEKS - 1)).alias("period_start"),
        pl.lit(last + timedelta(days=6)).alias("period_end"),
    ).with_columns(
        against(
            pl.col("lo"), pl.col("hi"), pl.col("target_lo"), pl.col("target_hi"),
            enough=pl.col("n_people") >= MIN_PEOPLE,
        ).alias("verdict")
    )  # fmt: skip
    key = keyring(given.night.settings, given.night.lake).current
    named = pseudonyms(judged, ("page_id",), lambda: key)
    typed = named.select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
    return typed.sort(contract.order)
