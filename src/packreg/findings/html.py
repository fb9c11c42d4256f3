"""The findings of runs as one HTML page.

It begins with what people ask first: how much is open, where it is worst, what is new, what went past the
guard. The page fetches nothing. Its content security policy allows only the script that filters findings, by
its digest, so that no text of a pack or a resource can run in a browser. All of the page can be read without
the script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from importlib.resources import files

from packreg.findings.chart import chart
from packreg.findings.compliance import Compliance, Score, compliance
from packreg.findings.past_guard import OWN_PACK
from packreg.findings.rollups import Rollup, groups_of_packs, rollups
from packreg.findings.tracking import SEVERITIES, Tracked, worst_first
from packreg.findings.trend import Day
from packreg.groups.decision import GroupMembership
from packreg.groups.model import Entity
from packreg.pack.metadata import PolicyInfo
from packreg.reports.plain import plain_lines, resource_label
from packreg.reports.report import counted, waiver_line
from packreg.reports.stored import StoredReport
from packreg.text import plain

#: How many findings are shown for one entity; the rest is only counted.
FINDINGS_AT_MOST = 500
#: With at most so many entities, the findings of each are unfolded when the page opens.
ENTITIES_OPEN = 20
#: How many lines "Where it is worst", "New" and "Fixed" show; the rest is only counted.
WORST_AT_MOST = 10
_LINK = re.compile(r"https?://[!-~]+", re.ASCII)
_LOOKS = ((1.0, "good"), (0.8, "fair"), (0.5, "poor"), (0.0, "bad"))


@dataclass(frozen=True)
class PageContent:
    """What the page is made of.

    `newest` are the last reports of each entity and mode, `findings` what they found, `days` the trend.
    `policies` describes policies by pack, version and policy name, as far as their releases are known.
    `registry` is where the reports are kept, `made` when the page was made (RFC 3339 in UTC), `tool` is
    packreg's version. `gaps` says which runs are not shown, "" if all are.
    """

    newest: Sequence[StoredReport]
    findings: Sequence[Tracked]
    days: Sequence[Day]
    title: str
    registry: str
    made: str
    tool: str
    policies: Mapping[tuple[str, str, str], PolicyInfo] = field(default_factory=dict)
    gaps: str = ""

    @cached_property
    def table(self) -> Compliance:
        """Policies passed by entity and pack."""
        return compliance(self.newest)

    @cached_property
    def present(self) -> dict[str, list[Tracked]]:
        """What the last runs found, waived or not, the worst first, by the name of its entity."""
        found: dict[str, list[Tracked]] = {}
        for each in worst_first(each for each in self.findings if each.is_there):
            found.setdefault(each.entity.name, []).append(each)
        return found

    @cached_property
    def open(self) -> list[Tracked]:
        """Findings that are open and not waived, the worst first."""
        return worst_first(each for each in self.findings if each.is_there and each.waiver is None)

    def of_policy(self, each: Tracked) -> PolicyInfo | None:
        """How the release describes a finding's policy, or None if that is not known."""
        return self.policies.get((each.pack, each.version, each.policy))

    @cached_property
    def owned(self) -> dict[tuple[str, str], GroupMembership]:
        """The group that requires a pack of an entity, by the names of both, where somebody owns it."""
        return {
            (stored.required.entity.name, pack.name): found
            for stored in self.newest
            for pack in stored.packs
            if (found := stored.required.membership(pack.name)) and (found.about.owner or found.about.contact)
        }


def html_report(content: PageContent) -> str:
    """The text of the page."""
    return "".join(f"{line}\n" for line in _page(content))


def _page(content: PageContent) -> Iterator[str]:
    style, script = (files(__package__).joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    name = _text(content.title)
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{style}</style></head><body>"
    yield f"<h1>{name}</h1>"
    yield f'<p class="meta">{_text(content.registry)}, {_text(content.made)}</p>'
    yield from _totals(content)
    if not content.newest:
        yield '<p class="none">No reports are kept.</p></body></html>'
        return
    yield from _worst(content)
    yield from _changes(content)
    yield "<h2>Trend</h2>"
    yield from chart(content.days)
    if content.gaps:
        yield f'<p class="note">{_text(content.gaps)}.</p>'
    yield "<h2>Compliance</h2>"
    yield from _heat_map(content)
    yield from _sums(content)
    yield from _findings(content)
    yield f'<p class="note">Made {_text(content.made)} by packreg {_text(content.tool)}.</p>'
    yield f"<script>{script}</script></body></html>"


def _totals(content: PageContent) -> Iterator[str]:
    """The numbers that the page begins with."""
    overall = content.table.overall()
    scope = counted(len(content.table.entities), "stack or account", "stacks and accounts")
    yield f"<p>{overall.passed} of {overall.total} policies passed over {scope}.</p>"
    levels = Counter(each.level for each in content.open)
    severities = Counter(each.severity for each in content.open if each.severity)
    past = sum(each.pack == OWN_PACK for each in content.open)
    numbers = [
        ("mandatory", levels["mandatory"] + levels["remediate"], "level-mandatory"),
        ("advisory", levels["advisory"], "level-advisory"),
        ("not evaluated", levels[""] + levels["hidden"], "unknown"),
        *((severity, severities[severity], severity) for severity in SEVERITIES if severities[severity]),
        ("waived", sum(each.is_there and each.waiver is not None for each in content.findings), "waived"),
        ("went past the guard", past, "level-mandatory"),
    ]
    yield '<ul class="totals">'
    yield from (f'<li><strong class="{look}">{number}</strong>{name}</li>' for name, number, look in numbers)
    yield "</ul>"


def _worst(content: PageContent) -> Iterator[str]:
    """The stacks, accounts and policies with the most open findings."""
    yield '<h2>Where it is worst</h2><div class="columns">'
    for title, sums in (
        ("Stacks and accounts", rollups(content.newest, content.findings, lambda e, _, __: [e.name])),
        ("Policies", rollups(content.newest, content.findings, _policy_name)),
    ):
        bad = [each for each in sums if each.mandatory or each.advisory or each.errors]
        yield f"<div><h3>{title}</h3>"
        if bad:
            anchored = title.startswith("Stacks")
            yield from _sum_table(bad[:WORST_AT_MOST], linked=anchored)
        else:
            yield '<p class="none">Nothing is open.</p>'
        yield from _more(len(bad), WORST_AT_MOST)
        yield "</div>"
    yield "</div>"


def _changes(content: PageContent) -> Iterator[str]:
    """The findings that are new, and those that are fixed, since the previous run of each entity."""
    yield '<h2>Since the runs before</h2><div class="columns">'
    new = [each for each in content.open if each.status == "new"]
    fixed = [each for each in content.findings if each.status == "fixed"]
    for title, found in (("New", new), ("Fixed", fixed)):
        yield f"<div><h3>{title}: {len(found)}</h3>"
        if found:
            yield "<ul>"
            for each in found[:WORST_AT_MOST]:
                about = resource_label(each.urn, each.resource_type)
                yield f"<li>{_text(each.entity.name)}: {_policy(each)}, {_text(about)}</li>"
            yield "</ul>"
        yield from _more(len(found), WORST_AT_MOST)
        yield "</div>"
    yield "</div>"


def _heat_map(content: PageContent) -> Iterator[str]:
    table = content.table
    yield '<div class="scroll"><table class="heat"><thead><tr><th>stack or account</th>'
    yield from (f"<th>{_text(pack)}</th>" for pack in table.packs)
    yield "<th>all</th></tr></thead><tbody>"
    cells = "".join(_cell(table.overall(pack=pack)) for pack in table.packs)
    yield f"<tr><th>all</th>{cells}{_cell(table.overall())}</tr>"
    for entity in table.entities:
        cells = "".join(_cell(table.score(entity, pack)) for pack in table.packs)
        name = _entity_name(entity.name, linked=entity.name in content.present)
        yield f"<tr><th>{name}</th>{cells}{_cell(table.overall(entity=entity))}</tr>"
    yield "</tbody></table></div>"
    yield '<p class="note">Policies passed of all that are enabled. Violet: some could not be evaluated.</p>'


def _cell(score: Score | None) -> str:
    if score is None or score.share is None:
        return '<td class="score none">–</td>'
    look = "error" if score.errors else next(name for least, name in _LOOKS if score.share >= least)
    about = f' title="{_text(score.version)} at {_text(score.time)}"' if score.version else ""
    return f'<td class="score {look}"{about}>{score.passed}/{score.total}</td>'


def _sums(content: PageContent) -> Iterator[str]:
    """Policies passed and open findings, summed by project, group, framework and policy."""
    groups = groups_of_packs(content.newest)
    versions = {
        (stored.required.entity.name, pack.pack): pack.version
        for stored in content.newest
        for pack in stored.report.evaluation.packs
    }

    def framework(entity: Entity, pack: str, policy: str) -> list[str]:
        found = content.policies.get((pack, versions.get((entity.name, pack), ""), policy))
        return [found.framework.name] if found and found.framework and found.framework.name else []

    def group(entity: Entity, pack: str, policy: str) -> list[str]:
        return [groups[entity.name, pack]] if groups.get((entity.name, pack)) else []

    for title, names in (
        ("Projects", lambda entity, _, __: [entity.project] if entity.project else []),
        ("Groups", group),
        ("Frameworks", framework),
        ("Policies", _policy_name),
    ):
        sums = rollups(content.newest, content.findings, names)
        if sums:
            yield f"<details><summary>By {title.lower()}: {len(sums)}</summary>"
            yield from _sum_table(sums)
            yield "</details>"


def _policy_name(entity: Entity, pack: str, policy: str) -> list[str]:
    return [f"{pack}:{policy}" if policy else pack]


def _sum_table(sums: Sequence[Rollup], *, linked: bool = False) -> Iterator[str]:
    yield '<div class="scroll"><table><thead><tr><th>name</th><th class="number">passed</th>'
    yield '<th class="number">mandatory</th><th class="number">advisory</th></tr></thead><tbody>'
    for each in sums:
        name = _entity_name(each.name, linked=linked)
        passed = f"{each.passed}/{each.total}"
        if each.errors:
            passed += f'<br><span class="unknown">{each.errors} not evaluated</span>'
        numbers = "".join(
            f'<td class="number">{said}</td>' for said in (passed, each.mandatory, each.advisory)
        )
        yield f"<tr><td>{name}</td>{numbers}</tr>"
    yield "</tbody></table></div>"


def _findings(content: PageContent) -> Iterator[str]:
    """The findings that are there, entity by entity; then those that are no longer found."""
    yield "<h2>Findings</h2>"
    yield '<form id="filter" hidden><input name="words" type="search" placeholder="stack, policy, text"'
    yield ' aria-label="Show findings with these words">'
    for name, values in (("severity", SEVERITIES[:-1]), ("level", ("mandatory", "advisory", "remediate"))):
        yield f'<select name="{name}" aria-label="{name}"><option value="">any {name}</option>'
        yield from (f'<option value="{value}">{value}</option>' for value in values)
        yield "</select>"
    yield "</form>"
    ended = [each for each in content.findings if not each.is_there]
    for entity in content.table.entities:
        if entity.name in content.present:
            yield from _entity(content, entity, content.present[entity.name])
    if not content.present:
        yield '<p class="none">Nothing was found.</p>'
    if ended:
        yield "<h2>Not there any more</h2>"
        yield '<p class="note">Fixed, not looked for now, or of a pack that is no longer required.</p>'
        yield from (_finding(content, each, with_entity=True) for each in ended[:FINDINGS_AT_MOST])
        yield from _more(len(ended), FINDINGS_AT_MOST)


def _entity(content: PageContent, entity: Entity, findings: Sequence[Tracked]) -> Iterator[str]:
    few = len(content.table.entities) <= ENTITIES_OPEN
    open_now = sum(each.waiver is None and each.kind != "hidden" for each in findings)
    hidden = sum(each.kind == "hidden" for each in findings)
    said = f"{open_now} open" + (f", {counted(hidden, 'resource')} with hidden secrets" if hidden else "")
    name = _text(entity.name)
    yield f'<details class="entity" id="{_anchor(entity.name)}" data-name="{name}"{" open" if few else ""}>'
    yield f"<summary><strong>{name}</strong>: {said}</summary>"
    yield from (_finding(content, each) for each in findings[:FINDINGS_AT_MOST])
    yield from _more(len(findings), FINDINGS_AT_MOST)
    yield "</details>"


def _more(number: int, most: int) -> Iterator[str]:
    if number > most:
        yield f'<p class="note">and {number - most} more</p>'


def _finding(content: PageContent, each: Tracked, *, with_entity: bool = False) -> str:
    """One finding: its policy, resource and message, how to fix it, and the waiver with its owner."""
    policy = content.of_policy(each)
    status = "waived" if each.waiver else each.status
    level = each.level or "not evaluated"
    badges = [(each.severity, each.severity), (level, f"level-{each.level or 'unknown'}"), (status, status)]
    shown = " ".join(f'<span class="badge {look}">{_text(word)}</span>' for word, look in badges if word)
    where = f"{_text(each.entity.name)} " if with_entity else ""
    lines = [f"<p>{where}{shown} {_policy(each)}</p>"]
    lines.append(f'<p class="meta">{_text(resource_label(each.urn, each.resource_type))}</p>')
    lines.append(f"<p>{_lines(each.message)}</p>")
    if policy is not None and policy.remediation_steps:
        steps = _lines(policy.remediation_steps)
        lines.append(f"<details><summary>How to fix it</summary><p>{steps}</p></details>")
    if policy is not None and _LINK.fullmatch(policy.url):
        url = escape(policy.url)
        lines.append(f'<p><a href="{url}" rel="noreferrer noopener">{_text(policy.url)}</a></p>')
    if owned := content.owned.get((each.entity.name, each.pack)):
        lines.append(f'<p class="meta">required by {_text(str(owned))}</p>')
    if each.waiver:
        lines.append(f'<p class="waived">{_text(waiver_line(each.waiver))}</p>')
    data = f'data-severity="{escape(each.severity)}" data-level="{escape(each.level)}"'
    return f'<div class="finding {escape(each.level)}" {data}>{"".join(lines)}</div>'


def _policy(each: Tracked) -> str:
    if not each.pack:
        return "secrets that could not be read"
    return _text(f"{each.pack}@{each.version}" + (f": {each.policy}" if each.policy else ""))


def _lines(text: str) -> str:
    return escape("\n".join(plain_lines(text)))


def _entity_name(name: str, *, linked: bool) -> str:
    shown = _text(name).replace("/", "/<wbr>").replace(":", ":<wbr>")  # where a long name may be broken
    return f'<a href="#{_anchor(name)}">{shown}</a>' if linked else shown


def _anchor(name: str) -> str:
    """The `id` of an entity's section in the page: a hash, since names may have any characters."""
    return f"e-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _text(text: str) -> str:
    return escape(plain(text))
