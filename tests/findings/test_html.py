"""The page for people who look."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

from packreg.findings.html import PageContent, html_report
from packreg.findings.tracking import track
from packreg.findings.trend import trend
from packreg.pack.metadata import Framework, PolicyInfo
from packreg.reports.stored import StoredReport
from tests.reports.findings import HOSTILE, error, guard, hostile, waiver
from tests.reports.kept import stored

VOID = {"meta", "input", "br", "wbr"}


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


def page(*reports: StoredReport, title: str = "Shop", policies: Sequence[PolicyInfo] = ()) -> str:
    """The page of some reports, the newest last."""
    before = reports[-2] if len(reports) > 1 else None
    return html_report(
        PageContent(
            reports[-1:],
            track(reports[-1], before) if reports else (),
            trend(reports),
            title=title,
            registry="s3://packs",
            made="2026-07-01T00:00:00Z",
            tool="1.2.3",
            policies={("guard", "1.0.0", policy.name): policy for policy in policies},
        )
    )


def test_heat_map_trend_and_findings_are_there() -> None:
    """What was passed of all, what is open by day, and each finding with its status and waiver."""
    clean = replace(guard(), violations=guard().violations[:1], remediations=())
    text = page(stored(guard()), stored(clean, day=2, waivers=(waiver(),)))
    said = " ".join(Page(text).text)
    assert "2 of 5 policies passed over 1 stack or account" in said
    assert "organization/shop/dev : 0 open" in said
    assert "moves in spring" in said and "fixed" in said
    assert text.count("<polyline") == 3


def test_it_begins_with_what_a_person_asks() -> None:
    """When, of which registry, how much is open by level and severity, what is new and what is fixed."""
    clean = replace(guard(), violations=guard().violations[:1])
    said = " ".join(Page(page(stored(guard()), stored(clean, day=2))).text)
    head = said[: said.index("Trend")]
    assert "s3://packs" in head and "2026-07-01T00:00:00Z" in head
    for words in ("2 mandatory", "0 advisory", "1 high", "0 went past the guard", "New: 0", "Fixed: 1"):
        assert words in head, words
    assert "organization/ shop/ dev" in head and "guard: private" in head


def test_every_link_within_the_page_leads_somewhere() -> None:
    """A stack of which all findings are fixed has no section of its own, and so no link to one."""
    clean = replace(guard(), violations=(), remediations=())
    for text in (page(stored(guard())), page(stored(guard()), stored(clean, day=2))):
        assert set(re.findall(r'href="#([^"]*)"', text)) <= set(re.findall(r' id="([^"]*)"', text))
    assert 'href="#' in page(stored(guard()))


def test_sums_are_by_project_group_policy_and_framework() -> None:
    """The framework comes from the release's record, the group from the report."""
    policies = [PolicyInfo("private", "mandatory", framework=Framework("CIS"))]
    said = " ".join(Page(page(stored(guard()), policies=policies)).text)
    for title in ("By projects: 1", "By groups: 1", "By frameworks: 1", "By policies: 5"):
        assert title in said


def test_a_finding_says_how_to_fix_it_and_where_to_read_more() -> None:
    """A link is one of http or https only; anything else stays out."""
    policies = [
        PolicyInfo("private", "mandatory", remediation_steps="Set acl.", url="https://example.org/private"),
        PolicyInfo("owned", "advisory", url="javascript:alert(1)"),
    ]
    text = page(stored(guard()), policies=policies)
    assert "Set acl." in text and 'href="https://example.org/private"' in text
    assert "javascript:" not in text
    assert "required by prod (rule: */dev), owned by platform team: #platform" in text


def test_it_is_complete_in_itself_and_runs_only_its_own_script() -> None:
    """Nothing is fetched, no event handler is there, and the content policy names the script by digest."""
    text = page(stored(guard(errors=(error(),))), stored(guard(), day=2))
    found = Page(text)
    assert not {"img", "link", "iframe", "object"} & set(found.tags)
    assert found.tags.count("script") == 1
    assert not {"src", "srcset"} & found.names
    assert not any(name.startswith("on") for name in found.names)
    script = text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text and "default-src 'none'" in text


def test_what_packs_and_resources_say_is_text() -> None:
    """Markup, control characters and halves of surrogate pairs in any name stay text in UTF-8."""
    bad = hostile().evaluation.packs[0]
    text = page(stored(bad), title=HOSTILE)
    found = Page(text)
    assert found.tags.count("script") == 1 and "b" not in found.tags
    text.encode("utf-8")
    assert "\x1b" not in text and "\u202e" not in text


def test_without_reports_it_says_so() -> None:
    """An empty registry gives a page that says that nothing is kept, not one that looks like a success."""
    text = page()
    assert "No reports are kept." in text
    Page(text)
