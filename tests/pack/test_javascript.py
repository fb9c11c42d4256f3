"""Telling code from comments, strings, templates and regular expressions."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.javascript import policy_pack_names, tokenize


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("/* new PolicyPack('a') */ new PolicyPack('b')", ["b"]),
        ("/** * / new PolicyPack('a') **/ new PolicyPack('b')", ["b"]),
        ("// new PolicyPack('a')\nnew PolicyPack('b')", ["b"]),
        ("const s = \"new PolicyPack('a')\"; new PolicyPack('b')", ["b"]),
        ("const s = 'it\\'s new PolicyPack(\"a\")'; new PolicyPack('b')", ["b"]),
        ("const s = `new PolicyPack('a')`; new PolicyPack('b')", ["b"]),
        ("const s = `${new PolicyPack('a')} new PolicyPack('x')`; new PolicyPack('b')", ["a", "b"]),
        ("const s = `x${ {a: `y${1}`} }new PolicyPack('a')`; new PolicyPack('b')", ["b"]),
        ("const s = `\\`${'}'}\\${`; new PolicyPack('b')", ["b"]),
        ("const r = /new PolicyPack('a')/; new PolicyPack('b')", ["b"]),
        ("const r = /[/'\"]/g; new PolicyPack('b')", ["b"]),
        ("return /'/.test(x) || new PolicyPack('b')", ["b"]),
        ("const q = a / b; new PolicyPack('b'); const p = c / d", ["b"]),
        ("const q = f(x) / 2 + y[0] / 2; new PolicyPack('b') // '", ["b"]),
        ("x = 4 /2; s = 'new PolicyPack(\"a\")'; new PolicyPack('b')", ["b"]),
        ("new\n  PolicyPack\n  (\n  /* name */ 'b' /* end */ , {})", ["b"]),
        ("new a.b.PolicyPack('b')", ["b"]),
        ("new PolicyPack<A<B>, C>('b')", []),
        ("new PolicyPack<A>('b')", ["b"]),
        ("new PolicyPack('\\u0062\\x2d\\u{63}\\n')", ["b-c\n"]),
        ("new PolicyPack('b\\\nc')", ["bc"]),
        ("PolicyPack('a'); new Other('b'); renew.PolicyPack('c')", []),
        ("new PolicyPack('a' as string)", []),
        ("new PolicyPack('a", []),
        ("new PolicyPack(", []),
        ("new", []),
    ],
)
def test_only_code_counts(source: str, names: list[str]) -> None:
    """Names are found in code, not in what merely looks like it."""
    assert policy_pack_names(source) == names


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)


@given(_texts, _texts, st.sampled_from(["{}", "// {}", "/* {} */", "x = {};", "`{}`;"]), st.booleans())
def test_a_literal_is_read_as_javascript_means_it(
    name: str, other: str, around: str, ascii_only: bool
) -> None:
    """Any name written as a JSON string is found, whatever strings and comments stand around it."""
    noise = around.replace("{}", json.dumps(other).replace("*/", "").replace("`", "").replace("$", ""))
    source = f"{noise}\nnew PolicyPack({json.dumps(name, ensure_ascii=ascii_only)}, {{}});\n{noise}"
    assert policy_pack_names(source) == [name]


@given(st.text(st.sampled_from("`${}/'\"\\[]()*\n ab<>;=u4x"), max_size=40) | st.text(max_size=40))
def test_any_text_is_tokenized_to_its_end(source: str) -> None:
    """No text makes the tokenizer fail or stand still."""
    assert sum(1 for _ in tokenize(source)) <= len(source)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, to compare with")
def test_literals_are_read_as_node_reads_them() -> None:
    """Escapes of every form have the value that Node.js gives them."""
    literals = [
        r"'\n\t\0\b\f\v\r'",
        r"'\'\"\\\/\q'",
        r'"\u{1F600}\u00e9\x41"',
        "'a\\\nb'",
        "`a\nb`",
        "`\\``",
        r"'\u{61}'",
    ]
    script = f"console.log(JSON.stringify([{','.join(literals)}]))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    found = [policy_pack_names(f"new PolicyPack({literal})")[0] for literal in literals]
    assert found == json.loads(done.stdout)
