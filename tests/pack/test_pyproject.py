"""pyproject.toml: what it says about installing a pack, and what it may not bring along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.files import File
from packreg.pack.problems import Problems
from packreg.pack.pyproject import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_KEY_PARTS,
    PyProject,
    detect_toolchain,
    parse_pyproject,
)


def _parse(text: str) -> tuple[PyProject | None, list[str]]:
    problems = Problems()
    parsed = parse_pyproject(text.encode("utf-8", "surrogatepass"), problems)
    return parsed, [
        f"{problem.code} {problem.where.removeprefix('pyproject.toml')}" for problem in problems.errors
    ]


def test_a_buildable_project_is_read_whole() -> None:
    """Name, Python versions and normalised dependencies arrive, and that it can be built."""
    text = """
[project]
name = "guard"
requires-python = ">=3.11, <4"
dependencies = ["Pulumi_Policy >=1,<2", 'tomli; python_version < "3.11"']
[project.optional-dependencies]
test = ["pytest"]
[dependency-groups]
dev = ["ruff", {include-group = "test"}]
[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"
[tool.uv]
package = true
dev-dependencies = ["mypy"]
[tool.uv.sources]
mypy = {marker = "sys_platform == 'linux'"}
"""
    assert _parse(text) == (
        PyProject(
            name="guard",
            requires_python="<4,>=3.11",
            dependencies=("pulumi-policy<2,>=1", 'tomli; python_version < "3.11"'),
            dynamic_dependencies=False,
            is_project=True,
            is_buildable=True,
            is_poetry=False,
        ),
        [],
    )


def test_plugins_for_poetry_are_seen() -> None:
    """`requires-plugins` of poetry is told, since poetry would run what it names."""
    parsed, _ = _parse("[tool.poetry.requires-plugins]\nx = '*'\n")
    assert parsed is not None and parsed.poetry_plugins
    parsed, _ = _parse("[tool.poetry]\nname = 'x'\n")
    assert parsed is not None and not parsed.poetry_plugins


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (False, False, False, False)),
        ("[tool.ruff]\nline-length = 100\n", (False, False, False, False)),
        ("[project]\n", (True, False, False, False)),
        ("[build-system]\n", (False, False, False, False)),
        ("[build-system]\nbuild-backend = 'flit_core.buildapi'\n", (False, False, False, False)),
        ("[project]\nname = 'x'\n[build-system]\nrequires = []\n", (True, False, False, False)),
        ("[project]\nname = '-x\\u0000'\n[build-system]\nbuild-backend = 'b'\n", (True, False, False, False)),
        ("[project]\nname = 'x'\n[build-system]\nbuild-backend = 'b.c:d'\n", (True, True, False, False)),
        ("[tool.poetry]\nname = 'x'\n", (False, False, True, False)),
        ("[project]\ndynamic = ['dependencies']\n", (True, False, False, True)),
    ],
)
def test_what_kind_of_project_it_is(text: str, expected: tuple[bool, ...]) -> None:
    """Each table that decides how the pack is installed is told."""
    parsed, _ = _parse(text)
    assert parsed is not None
    assert (parsed.is_project, parsed.is_buildable, parsed.is_poetry, parsed.dynamic_dependencies) == expected


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ('[project]\ndependencies = ["x @ https://y"]\n', ["requirement-url :2:18"]),
        ('[project]\ndependencies = [\n  "ok",\n  "./x",\n]\n', ["requirement-local :4:4"]),
        ('[project]\ndependencies = ["x=>1"]\n', ["requirement-syntax :2:18"]),
        ('[project.optional-dependencies]\na = ["x @ file:///y"]\n', ["requirement-url :2:7"]),
        ('[dependency-groups]\na = ["git+https://y"]\n', ["requirement-url :2:7"]),
        ('[build-system]\nrequires = ["../x"]\n', ["requirement-local :2:14"]),
        ('[tool.uv.sources]\nlib = {path = "../lib"}\n', ["requirement-url :2:1"]),
        ('[tool.uv.sources]\nlib = {git = "https://y"}\n', ["requirement-url :2:1"]),
        ('[tool.uv.sources]\nlib = {url = "https://y"}\n', ["requirement-url :2:1"]),
        ("[tool.uv.sources]\nlib = {workspace = true}\n", ["requirement-url :2:1"]),
        ('[tool.uv.sources]\nlib = [{index = "a"}, {git = "b"}]\n', ["requirement-url :2:1", "index :2:1"]),
        ('[[tool.uv.index]]\nurl = "https://y"\n', ["index :1:11"]),
        ('[tool.uv]\nindex-url = "https://y"\n', ["index :2:1"]),
        ('[tool.uv]\nfind-links = ["./w"]\n', ["index :2:1"]),
        ('[tool.uv.pip]\nextra-index-url = ["https://y"]\n', ["index :2:1"]),
        ('[tool.uv.workspace]\nmembers = ["a"]\n', ["workspaces :1:10"]),
        ('[tool.uv]\noverride-dependencies = ["x @ https://y"]\n', ["requirement-url :2:27"]),
        ('[tool.poetry.dependencies]\nlib = {path = "../lib"}\n', ["requirement-url :2:1"]),
        ('[tool.poetry.group.dev.dependencies]\nlib = {git = "y"}\n', ["requirement-url :2:1"]),
        ('[[tool.poetry.source]]\nurl = "https://y"\n', ["index :1:15"]),
        ('[project]\nrequires-python = "three"\n', ["requires-python :2:1"]),
        ("[project]\nrequires-python = 3.11\n", ["requires-python :2:1"]),
        ('[project]\ndependencies = "x"\n', ["toml-type :2:1"]),
        ("[project]\ndependencies = [1]\n", ["toml-type :2:1"]),
        ("project = 1\n", ["toml-type :1:1"]),
        ("tool = []\n", ["toml-type :1:1"]),
        ("[tool]\nuv = 1\n", ["toml-type :2:1"]),
        ("a = 1\na = 2\n", ["toml-syntax :2:6"]),
        ("a = [1,\n", ["toml-syntax :2:1"]),
        ("<<<<<<< HEAD\n", ["toml-syntax :1:1"]),
        ("a = " + "9" * 5000, ["toml-syntax "]),
        ("\ufeff\ufeff", ["toml-syntax :1:1"]),
    ],
)
def test_what_cannot_be_published_is_refused_at_its_place(text: str, errors: list[str]) -> None:
    """What comes from elsewhere, chooses an index, or cannot be read, is told where it stands."""
    parsed, found = _parse(text)
    assert parsed is None
    assert found == errors


def test_all_problems_are_told_at_once() -> None:
    """One problem does not hide the next; a file full of them gives a readable number."""
    text = '[project]\ndependencies = ["./x", "y @ z"]\n[tool.uv]\nindex-url = "a"\n'
    assert len(_parse(text)[1]) == 3
    sources = "".join(f'a{n} = {{path = "x"}}\n' for n in range(100))
    assert len(_parse("[tool.uv.sources]\n" + sources)[1]) == 20


@pytest.mark.parametrize("opening", ["a = [", "a = {a = "])
def test_depth_is_bounded(opening: str) -> None:
    """Arrays and tables nested beyond the limit are refused before tomllib descends into them."""
    text = "a = " + opening.removeprefix("a = ") * (MAX_DEPTH + 1)
    assert _parse(text)[1][0].startswith("too-deep")
    quoted = 'a = "' + "[" * 500 + '" # ' + "{" * 500 + "\nb = '''\n" + "[" * 500 + "'''\n"
    assert _parse(quoted)[1] == []


def test_the_parts_of_a_key_are_bounded() -> None:
    """A dotted key with more parts than the limit is refused, dots in values are not parts."""
    assert _parse(".".join("a" * MAX_KEY_PARTS) + " = 1")[1] == []
    assert _parse(".".join("a" * (MAX_KEY_PARTS + 1)) + " = 1")[1][0].startswith("too-deep")
    assert _parse("a = [" + "1.5, " * 100 + "]\nb = '" + "." * 100 + "'\n")[1] == []


def test_size_and_encoding_are_checked_first() -> None:
    """Over the limit, or not UTF-8, nothing is parsed."""
    problems = Problems()
    assert parse_pyproject(b"#" * (MAX_BYTES + 1), problems) is None
    assert parse_pyproject(b"# f\xfcr", problems) is None
    assert [problem.code for problem in problems.errors] == ["too-large", "not-utf8"]


@pytest.mark.parametrize(
    ("paths", "option", "toolchain"),
    [
        ([], None, "pip"),
        (["requirements.txt"], None, "pip"),
        (["pyproject.toml", "uv.lock"], None, "uv"),
        (["poetry.lock"], None, "poetry"),
        (["uv.lock", "poetry.lock"], None, "uv"),
        (["sub/uv.lock"], None, "pip"),
        (["uv.lock"], "pip", "pip"),
        ([], "poetry", "poetry"),
    ],
)
def test_the_toolchain_is_the_one_that_pulumi_takes(
    paths: list[str], option: str | None, toolchain: str
) -> None:
    """The option decides; unset, the lock file in the pack's root does."""
    assert detect_toolchain({path: File(b"") for path in paths}, option) == toolchain


_pieces = st.sampled_from(
    [
        *"ab.=[]{},\"'#\\\n\r\t 01-:_é\0",
        *("[project]\n", "dependencies", "[tool.uv.sources]\n", "[tool.poetry]\n", "source", "path", "index"),
        *(
            "requires-python",
            " = ",
            '"x>=1"',
            '"""',
            "'''",
            "1979-05-27",
            "inf",
            "[[",
            "]]",
            "\\u0000",
            "true",
        ),
    ]
)


@given(st.lists(_pieces, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_gives_a_project_or_a_problem(text: str) -> None:
    """No text makes the reader fail otherwise than by a problem."""
    parsed, errors = _parse(text)
    assert (parsed is None) == bool(errors)


@given(st.binary(max_size=100))
def test_any_bytes_give_a_project_or_a_problem(data: bytes) -> None:
    """No bytes make the reader fail otherwise than by a problem."""
    problems = Problems()
    assert (parse_pyproject(data, problems) is None) == bool(problems.errors)
