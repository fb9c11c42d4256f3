"""The page about a pack's policies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from packreg.pack.metadata import Framework, InitialSetting, PackInfo, PolicyInfo, Schema
from packreg.reports.policy_page import policy_page
from tests.reports.findings import HOSTILE

READER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
SCHEMA = Schema(
    {
        "regions": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["eu-west-1"],
            "minItems": 1,
            "description": "Where | things may be.",
        },
        "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 365},
        "kind": {"enum": ["a", "b|c", 1], "title": "Kind"},
        "nested": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^```x"}}},
        "anything": True,
    },
    ("days", "kind"),
)
INFO = PackInfo(
    "guard",
    "0.0.1",
    (
        PolicyInfo(
            "private",
            "mandatory",
            "resource",
            "Private buckets",
            "A bucket is private.\n\n- Really?\n- Yes: see www.example.com.",
            "Make it private.",
            "high",
            Framework("CIS", "1.2", "2.1", "Buckets"),
            ("storage", "access"),
            "1. Open the console.\n2. Write `private`.",
            "https://example.org/private?x=1",
            SCHEMA,
        ),
        PolicyInfo("few", "mandatory", "stack"),
        PolicyInfo("odd name", "advisory", url="javascript:alert(1)"),
    ),
    description="Keeps buckets private.",
    tags=("storage",),
    repository="https://example.org/guard",
    supports_config=True,
    initial={"few": InitialSetting("advisory"), "private": InitialSetting("mandatory", {"days": 7.0})},
)


def tokens(text: str) -> Iterator[Token]:
    """What a Markdown reader makes of it, inline tokens instead of their blocks."""
    for token in READER.parse(text):
        yield from token.children if token.type == "inline" and token.children else [token]


def test_the_page() -> None:
    """Everything that the pack says has its place, and levels and defaults are those of its configuration."""
    assert (
        policy_page(INFO, "1.2.0")
        == r"""# guard

Policy pack `guard@1.2.0`: 3 policies.

Keeps buckets private.

Tags: `storage`

Source: <https://example.org/guard>

| policy | level | severity | judges | what it says |
|---|---|---|---|---|
| [`private`](#private) | mandatory | high | each resource | A bucket is private. |
| [`few`](#few) | advisory |  | the whole stack |  |
| `odd name` | advisory |  | resources or the stack |  |

## `private`

**Private buckets**

A bucket is private.

\- Really?\
\- Yes: see www\.example.com.

- Level: **mandatory**
- Judges: each resource
- Severity: high
- Framework: CIS 1.2: 2.1: Buckets
- Tags: `storage`, `access`
- More: <https://example.org/private?x=1>

### Message

Make it private.

### Configuration

| property | type | default | allowed | meaning |
|---|---|---|---|---|
| `anything` | any |  | see below |  |
| `days` | integer or null | `7` | at least `1`; at most `365` |  |
| `kind` (required) | any |  | one of `"a"`, `"b\|c"`, `1` | Kind |
| `nested` | object |  | see below |  |
| `regions` | array of string | `["eu-west-1"]` | at least `1` items | Where \| things may be. |

The whole JSON schema of what the table cannot show:

````json
{
  "anything": true,
  "nested": {
    "properties": {
      "a": {
        "pattern": "^```x",
        "type": "string"
      }
    },
    "type": "object"
  }
}
````

### How to fix it

1\. Open the console.\
2\. Write \`private\`.

## `few`

- Level: **advisory** (by the pack's configuration; its own is mandatory)
- Judges: the whole stack

## `odd name`

- Level: **advisory**
- Judges: resources or the stack
- More: `javascript:alert(1)`
"""
    )


def test_a_pack_that_says_nothing() -> None:
    """Name and number are all there is."""
    assert policy_page(PackInfo("empty", "", ()), "") == "# empty\n\nPolicy pack `empty`: 0 policies.\n"


def test_names_that_meet_in_one_anchor_are_no_links() -> None:
    """Where two headings would have one anchor, a link would lead to the wrong one."""
    names = ("Private", "private", "message", "how-to-fix-it", "fine", "guard")
    info = PackInfo("guard", "", tuple(PolicyInfo(name, "advisory") for name in names))
    page = policy_page(info, "")
    assert [name for name in names if f"[`{name}`](#" in page] == ["fine"]


def everywhere(text: str) -> PackInfo:
    """A pack that says this text wherever it may say one."""
    schema = Schema(
        {text: {"type": text, "default": text, "enum": [text], "description": text, text: text}}, (text,)
    )
    framework = Framework(*[text] * 4)
    says = (text, "advisory", "resource", text, text, text, "high", framework, (text,), text, text, schema)
    policy = PolicyInfo(*says)
    return PackInfo(text, text, (policy,), text, text, text, text, text, (text,))


def shape(page: str) -> list[str]:
    """What is on a page but text and code: headings, tables, lists, emphasis, links, whatever there is."""
    kinds = ("text", "code_inline", "fence", "softbreak", "hardbreak", "paragraph_open", "paragraph_close")
    return [token.type for token in tokens(page) if token.type not in kinds]


TRICKS = [
    *(HOSTILE, "# x", "1. x", "10) x", "- x", "+ x", "* x", "> x", "===", "---", "***", "a\n===", "a\n---"),
    *(
        "| a | b |",
        "| a |\n|---|\n| b |",
        "`x`",
        "``",
        "`",
        "\\",
        "x\\",
        "<b>x</b>",
        "<!-- x",
        "&lt;",
        "&#60;b>",
    ),
    *(
        "*x*",
        "__x__",
        "~~x~~",
        "[x](y)",
        "![x](y)",
        "[x]: y",
        "<http://x>",
        "HTTP://x.y",
        "    code",
        "\tcode",
    ),
    *("```\nx", "~~~\nx", "$x$", "a  \nb", "x\n\n    y", "</td>", "=", "-", "#", "a|b", "`a|b`", "[^1]: x"),
    *(":smile:", "\u202e\x1b[2J\u2028x"),
]


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_a_pack_says_is_markup(trick: str) -> None:
    """The page has the same headings, tables and lists whatever the texts are, and all text is readable."""
    page = policy_page(everywhere(trick), "1.0.0")
    assert all(line.isprintable() for line in page.splitlines())
    assert shape(page) == shape(policy_page(everywhere("word x"), "1.0.0"))
    assert not any(
        token.type in ("html_inline", "html_block", "link_open", "image") for token in tokens(page)
    )


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip))
def test_no_text_is_markup(text: str) -> None:
    """…and neither is any other text."""
    page = policy_page(everywhere(f"x{text}"), "1.0.0")
    assert shape(page) == shape(policy_page(everywhere("word x"), "1.0.0"))
