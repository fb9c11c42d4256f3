"""A Markdown page about a pack's policies, from the pack's own description of them.

The pack's texts are not trusted, so none becomes markup: names and values are put into code spans, texts are
escaped, and a URL becomes a link only if it is http or https. The same pack gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from packreg.pack.metadata import Framework, PackInfo, PolicyInfo, Schema
from packreg.reports.markdown import code
from packreg.reports.plain import json_value
from packreg.text import plain

#: Characters with a meaning anywhere in a line of CommonMark, GitHub's Markdown or HTML. `:` and the dot of
#: `www.` are among them because GitHub makes links of addresses.
_SPECIAL = re.compile(r"[\\`*_\[\]<&|~#$]|:(?=\S)|(?<=[wW]{3})\.")
#: Characters with a meaning at the beginning of a line only: lists, quotes, underlined headings, rules.
_FIRST = re.compile(r"^([0-9]*)([-+=>.)])")
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_ANCHOR = re.compile(r"[a-z0-9_-]+", re.ASCII)
_JUDGES = {"resource": "each resource", "stack": "the whole stack", "unknown": "resources or the stack"}
#: Keywords of JSON Schema -> the phrase for their rule. A schema with other keywords is shown whole.
_RULES = {
    "enum": "one of {}",
    "const": "only {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
    "format": "of the format {}",
}
_SAID_ELSEWHERE = {"type", "default", "description", "title"}


def policy_page(info: PackInfo, version: str) -> str:
    """The text of the page. `version` is that of the release or of the pack directory, "" if it has none."""
    return "".join(f"{line}\n" for line in _lines(info, version))


def _lines(info: PackInfo, version: str) -> Iterator[str]:
    name = f"{info.shown_name}@{version}" if version else info.shown_name
    yield f"# {_text(info.display_name or info.shown_name)}"
    yield ""
    yield f"Policy pack {code(name)}: {counted_policies(len(info.policies))}."
    yield from _paragraphs(info.description)
    if info.tags:
        yield from ("", f"Tags: {', '.join(map(code, info.tags))}")
    if info.repository:
        yield from ("", f"Source: {_link(info.repository)}")
    if not info.policies:
        return
    anchors = _anchors(info)
    yield from ("", "| policy | level | severity | judges | what it says |", "|---|---|---|---|---|")
    for policy in info.policies:
        cell = code(policy.name, cell=True)
        cells = (
            f"[{cell}](#{anchors[policy.name]})" if policy.name in anchors else cell,
            info.level_of(policy.name),
            policy.severity,
            _JUDGES[policy.type],
            _text(_first_line(policy)),
        )
        yield f"| {' | '.join(cells)} |"
    for policy in info.policies:
        yield from _policy(policy, info)


def _policy(policy: PolicyInfo, info: PackInfo) -> Iterator[str]:
    yield from ("", f"## {code(policy.name)}")
    if policy.display_name and policy.display_name != policy.name:
        yield from ("", f"**{_text(policy.display_name)}**")
    yield from _paragraphs(policy.description)
    level = info.level_of(policy.name)
    own = f" (by the pack's configuration; its own is {policy.level})" if level != policy.level else ""
    yield from ("", f"- Level: **{level}**{own}", f"- Judges: {_JUDGES[policy.type]}")
    if policy.severity:
        yield f"- Severity: {policy.severity}"
    if policy.framework is not None and policy.framework != Framework():
        yield f"- Framework: {_framework(policy.framework)}"
    if policy.tags:
        yield f"- Tags: {', '.join(map(code, policy.tags))}"
    if policy.url:
        yield f"- More: {_link(policy.url)}"
    if policy.message:
        yield from ("", "### Message", *_paragraphs(policy.message))
    if policy.schema is not None and policy.schema.properties:
        initial = info.initial[policy.name].properties if policy.name in info.initial else {}
        yield from _configuration(policy.schema, initial)
    if policy.remediation_steps:
        yield from ("", "### How to fix it", *_paragraphs(policy.remediation_steps))


def _framework(framework: Framework) -> str:
    named = " ".join(filter(None, (framework.name, framework.version)))
    return _text(": ".join(filter(None, (named, framework.reference, framework.specification))))


def _configuration(schema: Schema, initial: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "### Configuration",
        "",
        "| property | type | default | allowed | meaning |",
        "|---|---|---|---|---|",
    )
    whole: dict[str, Any] = {}
    for name, found in sorted(schema.properties.items()):
        rules: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        allowed = [phrase.format(_values(rules[key])) for key, phrase in _RULES.items() if key in rules]
        if not _is_simple(found):
            whole[name] = found
            allowed.append("see below")
        required = name in schema.required and name not in initial
        default = initial.get(name, rules.get("default")) if name in initial or "default" in rules else None
        cells = (
            code(name, cell=True) + (" (required)" if required else ""),
            _type(rules),
            _value(default) if name in initial or "default" in rules else "",
            "; ".join(allowed),
            _text(rules.get("description") or rules.get("title") or ""),
        )
        yield f"| {' | '.join(cells)} |"
    if whole:
        text = json.dumps(json_value(whole), indent=2, sort_keys=True)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        yield from ("", "The whole JSON schema of what the table cannot show:", "")
        yield from (f"{fence}json", *(plain(line) for line in text.splitlines()), fence)


def _is_simple(schema: object) -> bool:
    """Whether a row of the table says everything about a property."""
    if not isinstance(schema, Mapping):
        return False
    items = schema.get("items", {})
    return schema.keys() <= _RULES.keys() | _SAID_ELSEWHERE | {"items"} and (
        isinstance(items, Mapping) and items.keys() <= {"type"}
    )


def _type(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type")
    said = " or ".join(map(_word, kinds)) if isinstance(kinds, list) else _word(kinds)
    items = schema.get("items")
    if isinstance(items, Mapping) and "type" in items:
        said += f" of {_type(items)}"
    return said


def _word(kind: object) -> str:
    return "any" if kind is None else _text(str(kind))


def _values(value: object) -> str:
    return ", ".join(map(_value, value)) if isinstance(value, list) else _value(value)


def _value(value: object) -> str:
    return code(json.dumps(json_value(value), ensure_ascii=False, sort_keys=True), cell=True)


def _first_line(policy: PolicyInfo) -> str:
    lines = [line for line in policy.description.splitlines() if line.strip()]
    return lines[0] if lines else policy.display_name


def _paragraphs(text: str) -> Iterator[str]:
    """A text of several lines: a blank line begins a paragraph, other line breaks stay."""
    before = ""
    for line in text.splitlines():
        shown = _text(line)
        if shown and not before:
            yield ""
        elif before:
            yield f"{before}\\" if shown else before
        before = shown
    if before:
        yield before


def _text(text: object) -> str:
    """The text on one line, escaped so that nothing in it is markup."""
    line = plain(" ".join(str(text).splitlines()).expandtabs().strip())
    return _FIRST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", line))


def _link(url: str) -> str:
    """A link if this is a well-formed http or https URL, else the text as code."""
    try:
        is_web = bool(_URL.fullmatch(url)) and not set("<>\\") & set(url) and bool(urlsplit(url).hostname)
    except ValueError:
        is_web = False
    return f"<{url}>" if is_web else code(url)


def _anchors(info: PackInfo) -> dict[str, str]:
    """Policy name -> the anchor that GitHub gives to its heading, for those whose anchor is unique."""
    found = {policy.name: policy.name.lower() for policy in info.policies}
    title = re.sub(r"[^\w\- ]", "", (info.display_name or info.shown_name).lower()).replace(" ", "-")
    taken = Counter([*found.values(), title, "configuration", "how-to-fix-it", "message"])
    return {
        name: anchor for name, anchor in found.items() if _ANCHOR.fullmatch(anchor) and taken[anchor] == 1
    }


def counted_policies(policies: int) -> str:
    """`1 policy`, `2 policies`."""
    return "1 policy" if policies == 1 else f"{policies} policies"
