"""A project that replaces the guard's directory form is noticed, however it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.cli.project_plugins import MAX_BYTES, refuse_replacement, why_not
from packreg.errors import UsageError

REPLACED = "plugins: {analyzers: [{name: policy-packreg, path: ./x}]}\n"
HARMLESS = "name: shop\nruntime: yaml\nplugins: {providers: [{name: demo, path: ./policy-packreg}]}\n"


@pytest.mark.parametrize(
    "text",
    [
        REPLACED,
        "name: a\n" + REPLACED,
        "plugins:\n  analyzers:\n  - path: ./x\n    name: 'policy-packreg'\n",
        '{"plugins": {"analyzers": [{"name": "policy\\u002dpackreg", "path": "x"}]}}',
        'plugins:\n  analyzers:\n  - {name: "policy-\\\n      packreg", path: x}\n',
        "Plugins: {Analyzers: [{Name: Policy-Packreg}]}",
        "plugins: {languages: [{name: packreg, path: ./x}]}",
        "x: &a [{name: policy-packreg, path: ./x}]\nplugins: {analyzers: *a}",
        "x: &a {analyzers: [{name: policy-packreg}]}\nplugins: {<<: *a}",
        "x: &a {plugins: {analyzers: [{name: policy-packreg}]}}\n<<: *a",
        "n: &n policy-packreg\nplugins: {analyzers: [{name: *n}]}",
        "plugins: {}\nplugins: {analyzers: [{name: policy-packreg}]}",
        "plugins: {analyzers: [{name: !!str policy-packreg}]}",
        "plugins:\n  analyzers:\n  - name: |-\n      policy-packreg\n",
    ],
)
def test_a_replacement_is_found(text: str) -> None:
    """Quoted, escaped, folded, through anchors and merges, in any case, in a key given twice."""
    assert why_not(text.encode()).startswith("names the plugin ")
    assert why_not(text.encode("utf-16")).startswith("names the plugin ")


@pytest.mark.parametrize(
    "data",
    [
        b"plugins: {analyzers: [{name: !!binary cG9saWN5LXBhY2tyZWc=}]}",
        b"a: [",
        b"a: 1\n---\n" + REPLACED.encode(),
        b"\xff\xfe\x00",
        b"a: \x00",
        b"[" * 200_000,
        b"a: &a [*a]\nb: *nothing",
        b"a: " + b"x" * MAX_BYTES,
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(data: bytes) -> None:
    """Base64, further documents, broken or endless text: the CLI might see a replacement there."""
    assert why_not(data)


def test_other_projects_pass() -> None:
    """Programs, other plugins, and words elsewhere that happen to be the name, are nothing to refuse."""
    assert why_not(HARMLESS.encode()) == ""
    assert why_not(b"resources: {a: {properties: {name: policy-packreg}}}") == ""
    assert why_not(b"") == ""
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 40)
    )
    assert why_not((bomb + "plugins: *a39\n").encode()) == ""


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"])
@pytest.mark.parametrize(
    ("words", "variables"),
    [
        ("pulumi up -C infra", {}),
        ("pulumi -Cinfra up", {}),
        ("pulumi up -yC infra/deep", {}),
        ("pulumi up --cwd infra", {}),
        ("pulumi --cwd=infra/deep up", {}),
        ("pulumi up", {"PULUMI_OPTION_CWD": "infra"}),
        ("pulumi -C . up -C infra", {}),
    ],
)
def test_the_project_is_where_the_cli_works(
    tmp_path: Path, name: str, words: str, variables: dict[str, str]
) -> None:
    """Options and their variable send the CLI elsewhere, and it looks upwards from there."""
    (tmp_path / "infra" / "deep").mkdir(parents=True)
    (tmp_path / "Pulumi.yaml").write_text(HARMLESS)
    (tmp_path / "infra" / name).write_text(REPLACED.replace("plugins", '"plugins"'))
    with pytest.raises(UsageError, match="names the plugin policy-packreg"):
        refuse_replacement(words.split(), variables, tmp_path)
    refuse_replacement(["pulumi", "up"], {}, tmp_path)


def test_a_second_file_of_the_project_counts(tmp_path: Path) -> None:
    """Which of several files the CLI takes is its own affair: none of them may replace the guard."""
    (tmp_path / "Pulumi.yaml").write_text(HARMLESS)
    (tmp_path / "Pulumi.yml").write_text(REPLACED)
    with pytest.raises(UsageError, match=r"Pulumi\.yml"):
        refuse_replacement(["pulumi", "up"], {}, tmp_path)
