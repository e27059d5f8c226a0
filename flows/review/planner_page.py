"""The planner's page as one HTML file: data packed in chunks that are opened when a SKU is chosen."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from flows.review.page import LEFT_OUT_SHOWN, environment, inline
from transforms.review.numbers import day
from transforms.review.parts import Night
from transforms.review.planner import Planner

EACH = 200
"""SKUs in a chunk: small enough to open at once, large enough to pack well."""


def planner_html(night: Night, found: Planner, *, review: str | None) -> str:
    """The page. Data stand in it as base64 alone, so no text of theirs can end or begin a tag."""
    style, style_hash = inline("style.css")
    script, script_hash = inline("planner.js")
    return (
        environment()
        .get_template("planner.html.j2")
        .render(
            business=night.business,
            as_of=day(night.as_of),
            content_id=night.manifest.get("content_id", ""),
            style=style,
            style_hash=style_hash,
            script=script,
            script_hash=script_hash,
            items=len(found.items),
            beyond=found.beyond,
            coverage=found.coverage,
            left_out=found.coverage.grid(LEFT_OUT_SHOWN),
            absent=found.head["absent"],
            head=_packed({**found.head, "each": EACH}),
            chunks=_chunks(found),
            review=review,
        )
    )


def _chunks(found: Planner) -> Iterator[str]:
    for first in range(0, len(found.items), EACH):
        yield _packed(dict(found.items[first : first + EACH]))


def _packed(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Without a time in its header, gzip makes equal bytes of equal content.
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode("ascii")
