"""The pages as files: nothing of anybody's words is markup, nothing is loaded, all is accessible."""

import base64
import gzip
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

from flows.review.page import review_html
from flows.review.planner_page import planner_html
from tests import review_frames as made
from transforms.review.page import review
from transforms.review.planner import planner

VOID = {"meta", "link", "img", "input", "br", "hr"}


class Outline(HTMLParser):
    """What a page is made of, and whether its tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def page(tables: dict[str, pl.DataFrame]) -> str:
    night = made.night(tables)
    return review_html(night, review(night), planner="planner.html", workbook="review.xlsx")


@pytest.fixture(scope="module")
def plans(tables: dict[str, pl.DataFrame]) -> str:
    night = made.night(tables)
    return planner_html(night, planner(night), review="review.html")


@pytest.fixture(scope="module", params=["page", "plans"])
def either(request: pytest.FixtureRequest) -> str:
    text: str = request.getfixturevalue(request.param)
    return text


def packed(text: str, name: str) -> Any:
    """What lies in one of the page's packed parts."""
    found = re.search(rf'id="{name}">([^<]+)<', text)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_tags_nest_whatever_customers_are_called(either: str) -> None:
    outline = Outline(either)
    assert outline.wrong == []
    assert outline.open == []
    assert outline.tags["b"] == 0, "the name of a category became markup"


def test_headings_follow_each_other_and_landmarks_are_there(either: str) -> None:
    outline = Outline(either)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    steps = zip(outline.headings, outline.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
    assert outline.tags["main"] == outline.tags["header"] == 1
    assert outline.tags["html"] == 1
    assert ("html", {"lang": "en"}) in outline.attributes


def test_the_policy_lets_in_nothing_but_our_own_style_and_script(either: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', either)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "connect-src" not in rules
    style = re.search(r"<style>(.*?)</style>", either, re.DOTALL)
    assert style is not None
    assert rules["style-src"] == f"'sha256-{_hash(style[1])}'"
    script = re.search(r"<script>(.*?)</script>", either, re.DOTALL)
    assert rules.get("script-src") == (None if script is None else f"'sha256-{_hash(script[1])}'")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_nothing_on_it_has_an_address_elsewhere(either: str) -> None:
    for tag, attributes in Outline(either).attributes:
        for name in ("src", "href", "action", "srcset", "data"):
            address = attributes.get(name) or ""
            assert (
                address.startswith(("data:", "#"))
                or re.fullmatch(r"\w+\.(html|xlsx)", address)
                or not address
            ), (tag, address)
        assert not any(name.startswith("on") for name in attributes), tag
        assert "style" not in attributes, "the policy refuses it"


def test_every_table_has_a_caption_and_headings(page: str) -> None:
    outline = Outline(page)
    assert outline.tags["table"] == outline.tags["caption"] == outline.tags["thead"] > 10
    scopes = {attributes.get("scope") for tag, attributes in outline.attributes if tag == "th"}
    assert scopes == {"col", "row"}


def test_every_chart_has_words_and_its_numbers_behind_it(page: str) -> None:
    outline = Outline(page)
    images = [attributes for tag, attributes in outline.attributes if tag == "img"]
    assert len(images) == outline.tags["figure"] == page.count("Numbers behind this chart") > 5
    assert all(len(image["alt"] or "") > 20 for image in images)


def test_a_chart_is_an_image_without_script_or_address(page: str) -> None:
    for found in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page):
        svg = base64.b64decode(found).decode()
        assert svg.startswith("<svg")
        assert not re.search(r"<script|<image|href=|@import|url\((?!#)", svg)


def test_the_footer_says_how_many_skus_and_which_are_left_out(either: str) -> None:
    assert "units: 39 of 40 SKUs are forecast; 1 left out: 1 discontinued." in either
    assert re.search(
        r"SKU-00003</th><td>[^<]*</td><td>units</td><td>discontinued, since 1 Sep 2026<", either
    )


def test_what_is_not_published_is_said_on_the_page(tables: dict[str, pl.DataFrame]) -> None:
    few = {n: tables[n] for n in ("forecasts", "series_listed")}
    night = made.night(few)
    page = review_html(night, review(night), planner=None, workbook=None)
    for name in ("exceptions", "forecast_changes", "signal_evidence", "accuracy", "ingest_report"):
        assert f"Not published that night: {name} (" in page, name
    assert "planner.html" not in page
    assert "Not published that night: inventory_plan" in planner_html(
        night, planner(night), review=None
    )


def test_no_words_of_customers_lie_open_in_the_planners_page(plans: str) -> None:
    assert "it squeaks" not in plans
    assert any("it squeaks" in text for _, text, *_ in packed(plans, "head")["quotes"][made.EVIL])


def test_equal_nights_make_equal_pages(
    tables: dict[str, pl.DataFrame], page: str, plans: str
) -> None:
    shuffled = {n: f.sample(fraction=1.0, shuffle=True, seed=4) for n, f in tables.items()}
    night = made.night(shuffled)
    assert review_html(night, review(night), planner="planner.html", workbook="review.xlsx") == page
    assert planner_html(night, planner(night), review="review.html") == plans
