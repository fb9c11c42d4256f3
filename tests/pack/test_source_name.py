"""The name of a pack, from its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.files import File
from packreg.pack.source_name import MAX_PYTHON, MAX_SOURCE, literal_names


def _names(runtime: str, sources: dict[str, str | bytes]) -> tuple[str, ...]:
    files = {path: File(text if isinstance(text, bytes) else text.encode()) for path, text in sources.items()}
    return literal_names(files, runtime)


IMPORT = "from pulumi_policy import PolicyPack, ResourceValidationPolicy\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (IMPORT + 'PolicyPack("guard", policies=[])', ("guard",)),
        (IMPORT + 'PolicyPack(\n    name="guard",\n    policies=[])', ("guard",)),
        (IMPORT + 'PolicyPack(policies=[], name="gu" "ard")', ("guard",)),
        (IMPORT + 'def main():\n    return PolicyPack("guard")', ("guard",)),
        ("from pulumi_policy import PolicyPack as Pack\nPack('guard')", ("guard",)),
        ("import pulumi_policy\npulumi_policy.PolicyPack('guard')", ("guard",)),
        ("import pulumi_policy as policy\npolicy.PolicyPack('guard')", ("guard",)),
        ("import pulumi_policy.policy\npulumi_policy.policy.PolicyPack('guard')", ("guard",)),
        ("from pulumi_policy import *\nPolicyPack('guard')", ("guard",)),
        (b"\xef\xbb\xbf" + IMPORT.encode() + b"PolicyPack('guard')", ("guard",)),
        (b"# coding: latin-1\n" + IMPORT.encode() + b"PolicyPack('guard') # \xfc", ("guard",)),
        (IMPORT + "PolicyPack('a')\nPolicyPack('b')\nPolicyPack('a')", ("a", "b")),
        (IMPORT + "name = 'guard'\nPolicyPack(name)", ()),
        (IMPORT + "PolicyPack(f'guard-{x}')", ()),
        (IMPORT + "PolicyPack(b'guard')", ()),
        (IMPORT + "PolicyPack(*args, name='guard')", ()),
        (IMPORT + "PolicyPack()", ()),
        (IMPORT + "# PolicyPack('guard')\nx = \"PolicyPack('guard')\"", ()),
        ("from other import PolicyPack\nPolicyPack('guard')", ()),
        ("PolicyPack('guard')", ()),
        (IMPORT + "PolicyPack('guard'", ()),
        (IMPORT + "PolicyPack('guard')\0", ()),
        (IMPORT + "-" * 10_000 + "1\nPolicyPack('guard')", ()),
        ("# coding: no-such\n" + IMPORT + "PolicyPack('guard')", ()),
    ],
)
def test_python_names_are_literal_arguments(source: str | bytes, names: tuple[str, ...]) -> None:
    """The first argument or `name` of Pulumi's PolicyPack under any import, when it is a literal."""
    assert _names("python", {"__main__.py": source}) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('import { PolicyPack } from "@pulumi/policy";\nnew PolicyPack("guard", {});', ("guard",)),
        ("const policy = require('@pulumi/policy');\nnew policy.PolicyPack('guard', {})", ("guard",)),
        ("new PolicyPack(`guard`, {})", ("guard",)),
        ("new PolicyPack<Config>(\n  // the name\n  'guard', {})", ("guard",)),
        ("import { PolicyPack as Pack } from '@pulumi/policy'; new Pack('guard', {})", ("guard",)),
        ("const { PolicyPack: Pack } = require('@pulumi/policy'); new Pack('guard', {})", ("guard",)),
        ("new PolicyPack(name, {})", ()),
        ("new PolicyPack(`guard-${stage}`, {})", ()),
        ("new PolicyPack('guard' + stage, {})", ()),
        ("new PolicyPackage('guard')", ()),
        ("// new PolicyPack('guard')", ()),
    ],
)
def test_node_names_are_literal_arguments(source: str, names: tuple[str, ...]) -> None:
    """The first argument of `new PolicyPack`, when it is a literal."""
    assert _names("nodejs", {"index.ts": source}) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("package guard\n", ("guard",)),
        ("# METADATA\n# title: x\n\npackage guard # c\nimport rego.v1\n", ("guard",)),
        ("package acme.aws.guard\n", ("acme.aws.guard",)),
        ('package acme["aws-guard"].x\n', ("acme.aws-guard.x",)),
        ("\ufeff\tpackage guard\r\n", ("guard",)),
        ("# package guard\n", ()),
        ("import rego.v1\npackage guard\n", ()),
        ("packages guard\n", ()),
        ("package 1\n", ()),
        ("", ()),
    ],
)
def test_rego_names_are_the_package(source: str, names: tuple[str, ...]) -> None:
    """The package clause, which only white space and comments may stand before."""
    assert _names("opa", {"policy.rego": source}) == names


def test_all_rego_modules_count_and_their_tests_do_not() -> None:
    """Modules that differ give several names, in any directory; tests often have a package of their own."""
    sources: dict[str, str | bytes] = {
        "b.rego": "package b\n",
        "lib/a.rego": "package a\n",
        "b_test.rego": "package c\n",
    }
    assert _names("opa", sources) == ("b", "a")


@pytest.mark.parametrize(
    ("runtime", "call", "ending"),
    [("python", IMPORT + "PolicyPack('{}')", "py"), ("nodejs", "new PolicyPack('{}')", "ts")],
)
def test_files_nearest_to_the_root_decide(runtime: str, call: str, ending: str) -> None:
    """An example below does not make the name doubtful, a second pack beside it does."""
    near, far = call.format("near"), call.format("far")
    assert _names(runtime, {f"a/b/x.{ending}": far, f"z.{ending}": near}) == ("near",)
    assert _names(runtime, {f"a/b/x.{ending}": far, f"z.{ending}": "PolicyPack"}) == ("far",)
    assert _names(runtime, {f"x.{ending}": far, f"y.{ending}": near}) == ("far", "near")


@pytest.mark.parametrize(
    "path", ["tests/x.py", "test_x.py", "x_test.py", "conftest.py", "node_modules/a/x.py", "x.txt", "x.pyi"]
)
def test_tests_and_other_files_of_a_python_pack_do_not_count(path: str) -> None:
    """What no policy run executes cannot name the pack."""
    assert _names("python", {path: IMPORT + "PolicyPack('guard')"}) == ()


@pytest.mark.parametrize(
    "path", ["node_modules/a/index.js", "index.d.ts", "a.test.ts", "a.spec.js", "__tests__/a.js", "README.md"]
)
def test_tests_and_other_files_of_a_node_pack_do_not_count(path: str) -> None:
    """Dependencies, typings and tests cannot name the pack."""
    assert _names("nodejs", {path: "new PolicyPack('guard', {})"}) == ()


def test_the_source_that_is_looked_at_is_bounded() -> None:
    """Long files are passed over, and what is beyond the sum is not looked at."""
    call = IMPORT + "PolicyPack('guard')\n"
    assert _names("python", {"x.py": call + "#" * (MAX_PYTHON - len(call))}) == ("guard",)
    assert _names("python", {"x.py": call + "#" * (MAX_PYTHON - len(call) + 1)}) == ()
    node = "new PolicyPack('guard', {}) //"
    assert _names("nodejs", {"x.js": node + " " * (MAX_SOURCE - len(node))}) == ("guard",)
    assert _names("nodejs", {"x.js": node + " " * MAX_SOURCE}) == ()
    assert _names("nodejs", {"a.js": "/*PolicyPack*/".ljust(MAX_SOURCE), "b.js": node}) == ()


_pieces = st.sampled_from(
    [
        *"()[]{}<>.,;:'\"`/\\*#=+-$ \n\t09aé\0",
        *(
            "PolicyPack",
            "new ",
            "name=",
            "'guard'",
            "from pulumi_policy import *\n",
            "package ",
            "${",
            "/*",
            "//",
        ),
        *("lambda: ", "import ", "as ", "\\u{", "\\x", "f'", "# coding: ", "utf-16\n", "\ufeff", "\u2028"),
    ]
)


@given(
    st.sampled_from(["python", "nodejs", "opa"]),
    st.lists(_pieces, max_size=40).map("".join) | st.text(max_size=60),
)
def test_any_source_gives_names_or_none(runtime: str, text: str) -> None:
    """No source makes the reader fail: what cannot be read has no name."""
    path = {"python": "__main__.py", "nodejs": "index.ts", "opa": "x.rego"}[runtime]
    head = "" if runtime == "opa" else "#PolicyPack\n" if runtime == "python" else "//PolicyPack\n"
    names = _names(runtime, {path: (head + text).encode("utf-8", "surrogatepass")})
    assert all(isinstance(name, str) for name in names)


@given(st.binary(max_size=100))
def test_any_bytes_give_names_or_none(data: bytes) -> None:
    """No bytes make the reader fail."""
    for runtime, path in (("python", "x.py"), ("nodejs", "x.js"), ("opa", "x.rego")):
        assert isinstance(_names(runtime, {path: data + b"PolicyPack package"}), tuple)
