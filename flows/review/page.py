"""The weekly review page as one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flows.review.charts import Picture, draw
from transforms.review.numbers import day
from transforms.review.page import Review
from transforms.review.parts import Chart, Night, Section

TEMPLATES = Path(__file__).parent / "templates"
LEFT_OUT_SHOWN = 200


def environment() -> Environment:
    """Templates that escape whatever is put into them, and stumble over what is not given."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def inline(name: str) -> tuple[Markup, str]:
    """A style sheet or script of ours, and the hash by which the page's policy lets it in."""
    text = (
        (TEMPLATES / name)
        .read_text(encoding="utf-8")
        .replace("</", "<\\/" if name.endswith(".js") else "</")
    )
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return Markup(text), f"sha256-{digest}"  # noqa: S704 - a file of ours, not what anybody said


@dataclass(frozen=True, slots=True)
class Drawn:
    """A section with its charts drawn."""

    section: Section
    pictures: tuple[tuple[Chart, Picture], ...]

    @property
    def has_bands(self) -> bool:
        """Whether the key to the lines is needed."""
        return any(chart.kind == "band" for chart, _ in self.pictures)


def review_html(night: Night, found: Review, *, planner: str | None, workbook: str | None) -> str:
    """The page. `planner` and `workbook` are where these lie beside it; None: they do not."""
    style, style_hash = inline("style.css")
    sections = [
        Drawn(section, tuple((chart, draw(chart)) for chart in section.charts))
        for section in found.sections
    ]
    return (
        environment()
        .get_template("review.html.j2")
        .render(
            business=night.business,
            as_of=day(night.as_of),
            content_id=night.manifest.get("content_id", ""),
            style=style,
            style_hash=style_hash,
            headlines=found.headlines,
            sections=sections,
            coverage=found.coverage,
            left_out=found.coverage.grid(LEFT_OUT_SHOWN),
            planner=planner,
            workbook=workbook,
        )
    )
