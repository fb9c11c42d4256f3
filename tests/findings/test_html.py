"""The page for people who look."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from packreg.findings.compliance import compliance
from packreg.findings.html import html_report
from packreg.findings.tracking import track
from packreg.findings.trend import trend
from tests.reports.findings import HOSTILE, error, guard, hostile, waiver
from tests.reports.kept import stored

VOID = {"meta", "line", "polyline"}


class Page(HTMLParser):
    """The elements of a page; fails where they do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text.append(data)


def page(*reports: object, title: str = "Shop") -> str:
    """The page of some reports, the newest last."""
    newest = reports[-1]
    return html_report(
        compliance([newest]),  # type: ignore[list-item]
        track(newest, reports[-2] if len(reports) > 1 else None),  # type: ignore[arg-type]
        trend(reports),  # type: ignore[arg-type]
        title=title,
        made="2026-07-01T00:00:00Z",
        tool="1.2.3",
    )


def test_heat_map_trend_and_findings_are_there() -> None:
    """What was passed of all, what is open by day, and each finding with its status and waiver."""
    clean = replace(guard(), violations=guard().violations[:1], remediations=())
    text = page(stored(guard()), stored(clean, day=2, waivers=(waiver(),)))
    said = " ".join(Page(text).text)
    assert "2 of 5 policies passed over 1 stack or account" in said
    assert "organization/shop/dev: 0 open" in said
    assert "moves in spring" in said and "fixed" in said
    assert text.count("<polyline") == 3


def test_it_is_complete_in_itself_and_runs_nothing() -> None:
    """There is no script, no event handler, and nothing that a browser would fetch."""
    found = Page(page(stored(guard(errors=(error(),))), stored(guard(), day=2)))
    assert not {"script", "img", "link", "iframe", "object", "a"} & set(found.tags)
    assert not {"src", "href", "srcset"} & found.names
    assert not any(name.startswith("on") for name in found.names)


def test_what_packs_and_resources_say_is_text() -> None:
    """Markup, control characters and halves of surrogate pairs in any name stay text in UTF-8."""
    bad = hostile().evaluation.packs[0]
    text = page(stored(bad), title=HOSTILE)
    found = Page(text)
    assert "script" not in found.tags and "b" not in found.tags
    text.encode("utf-8")
    assert "\x1b" not in text and "\u202e" not in text


def test_without_reports_it_says_so() -> None:
    """An empty registry gives a page that says that nothing is kept, not one that looks like a success."""
    text = html_report(compliance([]), [], [], title="Shop", made="", tool="1")
    assert "No reports are kept." in text
    Page(text)
