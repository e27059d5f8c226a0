"""Every key of `hearcast.toml` with its type, bounds and default."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, field_validator, model_validator

from flows.settings.alerts import Alerts
from flows.settings.office import Office
from flows.settings.planning import Planning
from flows.settings.reach import Reach
from flows.settings.source import Source as Source  # noqa: PLC0414 - part of this page
from flows.settings.values import Address, apart, known_country, known_timezone
from transforms.contracts import INPUTS
from transforms.mapping_spec import Spec

Target = Literal["units", "returns", "tickets"]
Level = Literal["total", "category", "sku", "sku_channel"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Share = Annotated[float, Strict(), Field(ge=0.0, le=1.0)]
Count = Annotated[int, Strict(), Field(ge=1, le=520)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


def _no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("names the same value twice")
    return values


class Business(Spec):
    """Who and where: decides which day and week an event belongs to."""

    name: Name = "Acme"
    timezone: str = "America/New_York"
    week_start: Weekday = "monday"
    fiscal_calendar: Literal["none", "4-4-5", "4-5-4"] = "none"
    country: str = "none"

    _zone = field_validator("timezone")(known_timezone)
    _country = field_validator("country")(known_country)


class Paths(Spec):
    """Where results live: folders on a disk, absolute once loaded, or in a bucket.

    Neither lies in the other: what is published is for all, what landed is not.
    """

    lake: Address = Path("data/var/lake")
    exports: Address = Path("data/var/exports")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        apart(self.lake, self.exports)
        return self


class Forecast(Spec):
    """What is forecast, how far, and how it is tested.

    Not further than two years: what lies beyond is the same season again, and no backtest of a
    usual history could say how right it is.
    """

    horizon_weeks: Annotated[int, Strict(), Field(ge=1, le=104)] = 13
    season_weeks: Count = 52
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = ("total", "category", "sku")
    backtest_origins: Count = 8
    backtest_step_weeks: Count = 4
    audit_series: Annotated[int, Strict(), Field(ge=0, le=1000)] = 20

    _unique = field_validator("levels")(_no_repeats)


class Signal(Spec):
    """One thing that customers say, and the targets that it may lead."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    targets: Annotated[tuple[Target, ...], Field(min_length=1)] = ("units",)
    max_lag_weeks: Annotated[int, Strict(), Field(ge=1, le=52)] = 8

    _unique = field_validator("targets")(_no_repeats)


CODEBOOK: Mapping[str, tuple[Target, ...]] = {
    "stocking_up": ("units",),
    "delivery_worry": ("units", "tickets"),
    "durability_question": ("units", "returns"),
    "price_objection": ("units",),
    "extra_costs": ("units", "tickets"),
    "sizing_confusion": ("units", "returns"),
    "product_question": ("units", "tickets"),
    "repeat_intent": ("units",),
    "stockout_complaint": ("units", "tickets"),
    "return_intent": ("units", "returns"),
    "gift_purchase": ("units",),
    "checkout_problem": ("units", "tickets"),
}
"""The twelve signals of the codebook and the targets that each is tested on."""


class Thresholds(Spec):
    """Shares of bad rows at which a table is warned about, or held back; null: the default."""

    warn_share: Share | None = None
    hold_share: Share | None = None


BY_HAND = frozenset(
    {"overrides", "owners", "insights", "actions", "experiments", "objectives", "touchpoints"}
    | {"copy_pages", "distributions"}
)
"""Tables of few rows that people write: one slip in ten says nothing of the other nine."""
BY_HAND_HOLD = 0.5


class Validation(Spec):
    """When bad data are spoken of and when they stop a table."""

    warn_share: Share = 0.005
    hold_share: Share = 0.05
    snapshot_delete_hold_share: Share = 0.2
    tables: dict[str, Thresholds] = Field(default_factory=dict)

    def thresholds(self, table: str) -> tuple[float, float]:
        """(warn, hold) shares for `table`."""
        own = self.tables.get(table, Thresholds())
        usual = max(self.hold_share, BY_HAND_HOLD) if table in BY_HAND else self.hold_share
        return (
            self.warn_share if own.warn_share is None else own.warn_share,
            usual if own.hold_share is None else own.hold_share,
        )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for table in (*self.tables, "order_lines"):
            if table not in INPUTS:
                near = get_close_matches(table, INPUTS, n=1) or ["order_lines"]
                raise ValueError(f"tables.{table}: no such table; did you mean {near[0]}?")
            warn, hold = self.thresholds(table)
            if warn > hold:
                raise ValueError(f"warn_share {warn} is above hold_share {hold} ({table})")
        return self


class Tagging(Spec):
    """Who tags what: our tagger, its phrase files, and the signals left to another system."""

    languages: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...], Field(min_length=1)
    ] = ("en", "pt")
    upstream: tuple[str, ...] = ()
    tagger: Literal["fast", "accurate", "rules"] = "fast"

    _unique = field_validator("languages", "upstream")(_no_repeats)


class Run(Spec):
    """Resources of one night."""

    threads: Annotated[int, Strict(), Field(ge=1, le=256)] = 2
    timeout_minutes: Annotated[float, Strict(), Field(gt=0, le=1440)] = 120
    max_age_hours: Annotated[float, Strict(), Field(gt=0, le=8784)] = 26
    keep_nights: Annotated[int, Strict(), Field(ge=1, le=100_000)] = 400
    wait_minutes: Annotated[int, Strict(), Field(ge=0, le=1440)] = 0
    data_docs: Annotated[bool, Strict()] = True
    engine: Literal["local", "dask"] = "local"
    scheduler: str = ""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.engine == "dask" and "://" not in self.scheduler:
            raise ValueError(
                'engine = "dask" needs scheduler, the address of the cluster, e.g. "tcp://host:8786"'
            )
        return self


Days = Annotated[int, Strict(), Field(ge=1, le=36_500)]


class Privacy(Spec):
    """What may be shown after redaction, how long customers' words stay, and where the keys are.

    `key_block` and `old_key_blocks` name Prefect Secret blocks; empty: the environment, or the
    lake's own key.
    """

    publish_quotes: Annotated[bool, Strict()] = False
    quarantine_chars: Annotated[int, Strict(), Field(ge=20, le=10_000)] = 200
    order_numbers: Literal["keep", "mask"] = "keep"
    text_retention_days: Days | None = None
    redacted_retention_days: Days | None = None
    key_block: str = ""
    old_key_blocks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        raw, redacted = self.text_retention_days, self.redacted_retention_days
        if redacted is not None and (raw is None or redacted <= raw):
            raise ValueError(
                "redacted_retention_days must be greater than text_retention_days: redacted text "
                "takes the place of the raw one and stays longer"
            )
        return self


class Identity(Spec):
    """How customers are joined across systems, and when a join is not believed.

    `own_ids`: sources whose customer ids are numbers of their own; the ids of all others name the
    same customers. A key that more than `max_shared` ids share, or a customer of more than
    `max_ids` ids, is not joined and is reported.
    """

    own_ids: tuple[str, ...] = ()
    plus_addresses: Literal["merge", "keep"] = "merge"
    max_shared: Annotated[int, Strict(), Field(ge=2, le=100_000)] = 20
    max_emails: Annotated[int, Strict(), Field(ge=1, le=100_000)] = 2
    max_phones: Annotated[int, Strict(), Field(ge=1, le=100_000)] = 3
    max_ids: Annotated[int, Strict(), Field(ge=2, le=100_000)] = 40

    _unique = field_validator("own_ids")(_no_repeats)


def _default_signals() -> tuple[Signal, ...]:
    return tuple(Signal(name=name, targets=targets) for name, targets in CODEBOOK.items())


class Settings(Spec):
    """The whole configuration. `file` is where it was read, `folder` what paths are relative to."""

    file: Path
    business: Business = Field(default_factory=Business)
    paths: Paths = Field(default_factory=Paths)
    storage: Reach = Field(default_factory=Reach)
    sources: tuple[Source, ...] = ()
    forecast: Forecast = Field(default_factory=Forecast)
    signals: tuple[Signal, ...] = Field(default_factory=_default_signals)
    validation: Validation = Field(default_factory=Validation)
    tagging: Tagging = Field(default_factory=Tagging)
    run: Run = Field(default_factory=Run)
    privacy: Privacy = Field(default_factory=Privacy)
    identity: Identity = Field(default_factory=Identity)
    planning: Planning = Field(default_factory=Planning)
    alerts: Alerts = Field(default_factory=Alerts)
    office: Office = Field(default_factory=Office)

    @property
    def folder(self) -> Path:
        """The folder of the configuration file."""
        return self.file.parent

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for kind, names in (
            ("[[sources]]", [source.name for source in self.sources]),
            ("[[signals]]", [signal.name for signal in self.signals]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{kind} two are named '{twice[0]}'; give each its own name")
        named = {source.name for source in self.sources}
        for name in self.identity.own_ids:
            if name not in named:
                raise ValueError(f"[identity] own_ids: no source is named '{name}'")
        known = [signal.name for signal in self.signals]
        for where, told in (
            ("[tagging] upstream", self.tagging.upstream),
            ("[office.reasons.targets]", tuple(self.office.reasons.targets)),
        ):
            for name in told:
                if name not in known:
                    near = get_close_matches(name, known, n=1) or known[:1]
                    raise ValueError(
                        f"{where}: '{name}' is not among the signals; did you mean {near[0]}?"
                    )
        if (wrong := self.office.metrics.misnamed(known)) is not None:
            raise ValueError(wrong)
        return self
