"""The pages in a real Chromium: drawn, silent on the network and the console, quick, searchable."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.review import Written, write_review
from flows.review.page import review_html
from flows.review.planner_page import planner_html
from flows.settings import Settings
from tests import review_frames as made
from tests.browser import Browser, Page
from transforms.review.page import review
from transforms.review.parts import Night
from transforms.review.planner import planner

MAX_PAGE_BYTES = 25_000_000
LIMITS = {200: 3.0, 10_000: 10.0}
"""SKUs to the seconds within which the planner's page has to be open."""


@pytest.fixture(scope="module")
def written(published: Settings) -> Written:
    return write_review(published, None)


@pytest.fixture(scope="module")
def hostile(tables: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both pages of a night with every table, also those of later contracts."""
    folder = tmp_path_factory.mktemp("hostile")
    night: Night = made.night(tables)  # type: ignore[arg-type]
    page = review_html(night, review(night), planner="planner.html", workbook="review.xlsx")
    (folder / "review.html").write_text(page, encoding="utf-8")
    (folder / "planner.html").write_text(
        planner_html(night, planner(night), review="review.html"), encoding="utf-8"
    )
    return folder


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    page = chromium.page()
    yield page
    page.send("Page.close")


def opened(tab: Page, path: Path, fragment: str = "") -> Page:
    tab.open(path, fragment)
    if path.name.startswith("planner"):
        tab.until("document.body.dataset.ready")
    return tab


def colours(png: bytes) -> set[tuple[int, int, int]]:
    """The colours in a PNG of 8 bits a channel, as Chromium makes them."""
    width, channels, data, at = 0, 0, b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, channels = struct.unpack(">I", body[:4])[0], {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            data += body
        at += 12 + size
    return set(_pixels(zlib.decompress(data), width, channels))


def _pixels(raw: bytes, width: int, channels: int) -> Iterator[tuple[int, int, int]]:
    stride = width * channels
    before = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        row = bytearray(raw[start + 1 : start + 1 + stride])
        _unfilter(raw[start], row, before, channels)
        for at in range(0, stride, channels):
            yield row[at], row[at + 1], row[at + 2]
        before = row


def _unfilter(kind: int, row: bytearray, before: bytearray, channels: int) -> None:
    """Undoes one of PNG's five filters (ISO/IEC 15948, clause 9)."""
    for at in range(len(row)):
        left = row[at - channels] if at >= channels else 0
        corner = before[at - channels] if at >= channels else 0
        guess = (0, left, before[at], (left + before[at]) // 2, _paeth(left, before[at], corner))
        row[at] = (row[at] + guess[kind]) % 256


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda value: abs(estimate - value))


def clip(tab: Page, selector: str) -> bytes:
    """A PNG of the first element that the selector finds, enlarged so that lines have their colour."""
    box = tab.evaluate(
        f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect();"
        "return { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height }; })()"
    )
    shot = tab.send("Page.captureScreenshot", captureBeyondViewport=True, clip={**box, "scale": 2})
    return base64.b64decode(shot["data"])


def near(found: set[tuple[int, int, int]], wanted: tuple[int, int, int]) -> bool:
    return any(max(abs(a - b) for a, b in zip(c, wanted, strict=True)) < 40 for c in found)


@pytest.mark.parametrize("name", ["review.html", "planner.html"])
def test_no_error_and_no_request_whatever_customers_said(
    tab: Page, hostile: Path, name: str
) -> None:
    opened(tab, hostile / name, "#sku=SKU-00002" if name == "planner.html" else "")
    assert tab.problems == []
    outside = [url for url in tab.requests if not url.startswith("data:")]
    assert outside == [(hostile / name).resolve().as_uri()], "only the page itself was asked for"
    assert "owned" not in tab.evaluate("document.title.replace(/'owned'/g, '')")
    assert (
        tab.evaluate("document.querySelectorAll('main b, main img[onerror], main script').length")
        == 0
    )


def test_the_policy_stops_a_script_that_would_get_in(tab: Page, hostile: Path) -> None:
    opened(tab, hostile / "planner.html")
    tab.evaluate(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
        "document.body.append(s); const i = new Image(); i.src = 'https://example.com/x.png'; })()"
    )
    assert tab.evaluate("window.owned === undefined")
    assert any("Content Security Policy" in problem for problem in tab.problems)


def test_charts_of_the_review_are_drawn(tab: Page, written: Written) -> None:
    opened(tab, written.folder / "review.html")
    widths = tab.evaluate("[...document.images].map((i) => i.complete && i.naturalWidth)")
    assert len(widths) > 5
    assert all(width and width > 200 for width in widths)
    found = colours(clip(tab, "figure img"))
    for wanted in ((29, 39, 51), (11, 98, 168), (211, 227, 240)):
        assert near(found, wanted), f"no line or band of the colour {wanted}"


def test_the_chart_of_a_sku_is_drawn(tab: Page, written: Written) -> None:
    tab.size(420, 800)
    opened(tab, written.folder / "planner.html", "#sku=SKU-00001")
    for part in ("line-sold", "line-ahead", "line-without", "band-area"):
        length = tab.evaluate(f"document.querySelector('figure .{part}').getTotalLength()")
        assert length > 50, part
    found = colours(clip(tab, "figure svg"))
    for wanted in ((29, 39, 51), (11, 98, 168), (211, 227, 240)):
        assert near(found, wanted), f"no line or band of the colour {wanted}"


def _type(tab: Page, text: str) -> None:
    tab.evaluate("document.getElementById('query').focus()")
    tab.send("Input.insertText", text=text)


def _press_enter(tab: Page) -> None:
    for kind in ("keyDown", "keyUp"):
        tab.send(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            text="\r",
        )


def test_search_by_keyboard_finds_and_shows_a_sku(tab: Page, written: Written) -> None:
    opened(tab, written.folder / "planner.html")
    _type(tab, "sku-00017")
    assert tab.evaluate("document.getElementById('results').children.length") == 1
    _press_enter(tab)
    tab.until("document.body.dataset.shown === 'SKU-00017'")
    assert tab.evaluate("document.getElementById('item').textContent").startswith("SKU-00017")
    assert tab.evaluate("document.activeElement.id") == "item"


def test_search_by_category_and_for_what_is_not_there(tab: Page, written: Written) -> None:
    opened(tab, written.folder / "planner.html")
    _type(tab, "socks &")
    assert tab.evaluate("document.getElementById('results').children.length") == 13
    _type(tab, "zzz")
    assert tab.evaluate("document.getElementById('found').textContent") == "0 of 40 SKUs."


def test_a_sku_without_a_forecast_says_why(tab: Page, written: Written) -> None:
    opened(tab, written.folder / "planner.html", "#sku=SKU-00003")
    text = tab.evaluate("document.getElementById('detail').textContent")
    assert "No forecast: discontinued, since 1 Sep 2026." in text
    assert tab.evaluate("document.querySelectorAll('figure .line-sold').length") == 1


def test_the_waterfall_ends_at_the_forecast(tab: Page, hostile: Path) -> None:
    opened(tab, hostile / "planner.html", "#sku=SKU-00001")
    tab.evaluate(
        "(() => { const w = document.getElementById('week'); w.value = '0'; w.dispatchEvent(new Event('change')); })()"
    )
    rows = tab.evaluate(
        "[...document.querySelectorAll('.waterfall tbody tr')].map((r) => [r.cells[0].textContent, r.cells[1].textContent])"
    )
    told = dict(rows)
    adds = [_number(v) for n, v in rows if n not in ("recent level", "without signals", "forecast")]
    summed = _number(told["recent level"]) + sum(adds)
    assert summed == pytest.approx(_number(told["forecast"]), abs=0.5)


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


@pytest.mark.parametrize("skus", sorted(LIMITS))
def test_the_page_opens_in_time_and_is_not_too_large(
    chromium: Browser, tab: Page, tmp_path: Path, skus: int
) -> None:
    night = made.night(made.planner_tables(skus))
    path = tmp_path / "planner.html"
    path.write_text(planner_html(night, planner(night), review=None), encoding="utf-8")
    assert path.stat().st_size < MAX_PAGE_BYTES
    before = chromium.worked()
    opened(tab, path, "#sku=SKU-00123")
    # What the browser itself worked: on a busy machine the clock on the wall tells of others.
    assert 0 < chromium.worked() - before < LIMITS[skus]
    assert tab.evaluate("document.body.dataset.shown") == "SKU-00123"
    assert f"{skus:,} of {skus:,} SKUs" in tab.evaluate(
        "document.getElementById('found').textContent"
    )
    assert tab.problems == []


SIZES = {"desktop": (1280, 900, False), "phone": (390, 844, True), "print": (794, 1123, False)}


@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize("name", ["review.html", "planner.html"])
def test_nothing_runs_off_the_page(
    tab: Page, hostile: Path, tmp_path: Path, name: str, size: str
) -> None:
    width, height, mobile = SIZES[size]
    tab.size(width, height, mobile=mobile)
    if size == "print":
        tab.send("Emulation.setEmulatedMedia", media="print")
    opened(tab, hostile / name)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert len(tab.picture(tmp_path / f"{size}.png")) > 20_000
    small = "[...document.querySelectorAll('p, li, td, th, a, label')].filter((e) => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 8).length"
    assert tab.evaluate(small) == 0


CONTRAST = """(() => {
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('h1,h2,h3,p,li,td,th,a,summary,caption,label,figcaption,footer')) {
    if (!e.textContent.trim() || !e.offsetParent) continue;
    const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(e.tagName + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 30));
  }
  return bad.slice(0, 5);
})()"""


@pytest.mark.parametrize("name", ["review.html", "planner.html"])
def test_every_text_has_the_contrast_of_aa(tab: Page, hostile: Path, name: str) -> None:
    opened(tab, hostile / name, "#sku=SKU-00001" if name == "planner.html" else "")
    assert tab.evaluate(CONTRAST) == []


@pytest.mark.parametrize("name", ["review.html", "planner.html"])
def test_everything_that_acts_is_reached_by_tab_and_named(
    tab: Page, hostile: Path, name: str
) -> None:
    opened(tab, hostile / name)
    unnamed = tab.evaluate(
        "[...document.querySelectorAll('a, button, input, select, summary, [tabindex=\"0\"]')].filter((e) =>"
        "e.offsetParent && !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length"
    )
    assert unnamed == 0
    assert (
        tab.evaluate(
            'document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length'
        )
        == 0
    )
