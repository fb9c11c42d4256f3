"""Governance for tests: small values by hand, and any governance at all for laws."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from packreg.groups.document import Change, Document, default_groups
from packreg.groups.model import About, Governance, Group, PackEntry, Rules, Waiver

#: Before every change of a test.
THEN = "2026-08-01T12:00:00.000000Z"
NOW = "2026-08-02T12:00:00.000000Z"


def entry(pack: str, version: str = "1.0.0", modified: str = THEN, **more: Any) -> PackEntry:
    """A pack's entry."""
    return PackEntry(pack, version, modified, **more)


def group(name: str, *entries: PackEntry, **more: Any) -> Group:
    """A preventative group of stacks, unless told otherwise."""
    fields = {"mode": "preventative", "kinds": frozenset({"stack"}), **more}
    return Group(name, packs={each.pack: each for each in entries}, **fields)


def governed(*groups: Group, revision: int = 1, **more: Any) -> Governance:
    """Governance with these groups beside the default ones."""
    return Governance(revision, {**default_groups(), **{each.name: each for each in groups}}, **more)


def document(governance: Governance, at: str = THEN) -> Document:
    """Governance as somebody left it."""
    return Document(governance, Change("Ada", at, "something"))


_visible = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]),
    min_size=1,
    max_size=12,
)
_part = st.text(st.sampled_from("ab-.*?1"), min_size=1, max_size=4).filter(lambda text: "**" not in text)
_names = st.text(st.sampled_from("abc12-"), min_size=1, max_size=6).filter(lambda text: text[0] != "-")
_numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
_any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_scalars = st.none() | st.booleans() | _numbers | _any_text
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_visible, inner, max_size=3),
    max_leaves=5,
)
_levels = st.sampled_from(["advisory", "mandatory", "disabled", "remediate"])
_settings = _levels | st.dictionaries(_visible, _json, max_size=3).map(
    lambda bag: {name: value for name, value in bag.items() if name != "enforcementLevel"}
)
_configs = st.dictionaries(_visible.filter(lambda name: name != "environments"), _settings, max_size=3)
_seconds = st.datetimes(min_value=datetime(1000, 1, 1))
times = _seconds.map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
_ends = _seconds.map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ"))
_versions = st.sampled_from(["latest", "1.0.0", "^1.2", ">=1 <3", "1.x", "2.0.0-rc.1"])


_about = st.builds(About, *[st.just("") | _visible] * 3)


@st.composite
def entries(draw: st.DrawFn, modified: st.SearchStrategy[str] = times) -> PackEntry:
    """Any entry."""
    environments = tuple(draw(st.lists(_visible, max_size=2)))
    return PackEntry(draw(_names), draw(_versions), draw(modified), draw(_configs), environments)


@st.composite
def groups(draw: st.DrawFn, modified: st.SearchStrategy[str] = times) -> Group:
    """Any group that is not a default one."""
    kinds = draw(st.sets(st.sampled_from(["stack", "account"]), min_size=1))
    mode = "audit" if "account" in kinds else draw(st.sampled_from(["audit", "preventative"]))
    stacks = st.lists(_part, min_size=2, max_size=3).map("/".join)
    lists = [st.lists(each, max_size=3, unique=True).map(tuple) for each in (stacks, _visible)]
    packs = {each.pack: each for each in draw(st.lists(entries(modified), max_size=3))}
    tags = draw(st.lists(st.tuples(_names, _visible).map("=".join), max_size=2).map(tuple))
    return Group(
        draw(_names),
        mode,  # type: ignore[arg-type]
        frozenset(kinds),  # type: ignore[arg-type]
        draw(lists[0]) if "stack" in kinds else (),
        draw(lists[1]) if "account" in kinds else (),
        tags,
        packs,
        draw(_about),
    )


_waivers = st.builds(
    Waiver,
    id=_names,
    pack=_names,
    policy=_visible,
    entity=_visible,
    owner=_visible,
    reason=_visible,
    expires=_ends,
    created=_ends,
    resource=st.just("") | _visible,
)
_rules = st.builds(
    Rules, st.booleans(), st.lists(st.tuples(_names, _visible).map(":".join), max_size=2).map(tuple)
)


@st.composite
def governances(draw: st.DrawFn, modified: st.SearchStrategy[str] = times) -> Governance:
    """Any governance."""
    packs = {each.pack: each for each in draw(st.lists(entries(modified), max_size=2))}
    defaults = default_groups()
    first = next(iter(defaults))
    defaults[first] = Group(first, "preventative", frozenset({"stack"}), packs=packs, about=draw(_about))
    return Governance(
        draw(st.integers(1, 1000)),
        {**{each.name: each for each in draw(st.lists(groups(modified), max_size=3))}, **defaults},
        {each.id: each for each in draw(st.lists(_waivers, max_size=2))},
        draw(_rules),
    )
