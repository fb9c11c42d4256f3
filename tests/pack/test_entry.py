"""What each runtime needs to find in a pack, and what is said when it is not there."""

from __future__ import annotations

import pytest

from packreg.pack.entry import Dependencies, check_runnable
from packreg.pack.files import File
from packreg.pack.manifest import Manifest
from packreg.pack.package_json import PackageJson
from packreg.pack.problems import Problems

BUILDABLE = (
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "x"\nversion = "1.0.0"\n'
)
PROJECT = '[project]\nname = "x"\nversion = "1.0.0"\ndependencies = ["pulumi-policy"]\n'
UV_LOCK = 'version = 1\nrequires-python = ">=3.11"\n'
MAIN = "__main__.py"


def _ask(
    manifest: Manifest,
    texts: dict[str, str],
    *,
    package: PackageJson | None = None,
    left_out: dict[str, str] | None = None,
    poetry: bool = False,
) -> tuple[Dependencies, Problems]:
    problems = Problems()
    files = {path: File(text.encode()) for path, text in texts.items()}
    reasons = left_out or {}
    found = check_runnable(
        manifest, package, files, lambda path: reasons.get(path, ""), problems, poetry=poetry
    )
    return found, problems


def _codes(problems: Problems) -> list[str]:
    return [problem.code for problem in problems.errors]


@pytest.mark.parametrize(
    ("toolchain", "texts", "kind", "errors"),
    [
        (None, {MAIN: "", "requirements.txt": "a\n"}, "requirements", []),
        (None, {MAIN: ""}, "none", []),
        (None, {MAIN: "", "pyproject.toml": PROJECT}, "pyproject", []),
        (None, {"pyproject.toml": BUILDABLE}, "pyproject", []),
        (None, {"pyproject.toml": BUILDABLE, "requirements.txt": "a\n"}, "requirements", []),
        (None, {MAIN: "", "pyproject.toml": PROJECT, "uv.lock": UV_LOCK}, "uv", []),
        (None, {MAIN: "", "requirements.txt": "a\n", "uv.lock": UV_LOCK}, "requirements", []),
        (None, {MAIN: "", "uv.lock": UV_LOCK}, "uv", ["uv"]),
        ("uv", {MAIN: "", "pyproject.toml": PROJECT}, "uv", []),
        ("uv", {MAIN: "", "pyproject.toml": "[tool.x]\n"}, "uv", ["uv"]),
        ("uv", {MAIN: "", "requirements.txt": "a\n"}, "requirements", []),
        ("uv", {MAIN: ""}, "uv", ["uv"]),
        ("pip", {MAIN: "", "requirements.txt": "a\n", "uv.lock": UV_LOCK}, "requirements", []),
        ("poetry", {MAIN: "", "pyproject.toml": PROJECT}, "poetry", ["toolchain-poetry", "poetry"]),
        (None, {MAIN: "", "pyproject.toml": PROJECT, "poetry.lock": ""}, "poetry", ["toolchain-poetry"]),
        (None, {"main.py": "", "requirements.txt": "a\n"}, "requirements", ["entry-missing"]),
        (None, {"pyproject.toml": PROJECT}, "pyproject", ["entry-missing"]),
        (None, {".packreg/wheels/x-1-py3-none-any.whl": "", "requirements.txt": "a\n"}, "requirements", []),
    ],
)
def test_where_python_starts_and_finds_its_dependencies(
    toolchain: str | None, texts: dict[str, str], kind: str, errors: list[str]
) -> None:
    """The entry point and the toolchain are found as Pulumi's Python host finds them."""
    found, problems = _ask(Manifest("python", toolchain=toolchain), texts)
    assert (found.kind, _codes(problems)) == (kind, errors)
    assert (found.requirements is not None) == (kind == "requirements")


def test_poetry_is_accepted_where_it_can_be_run() -> None:
    """The refusal of poetry names the way out, and falls away where the caller has it."""
    texts = {MAIN: "", "pyproject.toml": PROJECT, "poetry.lock": ""}
    _, problems = _ask(Manifest("python"), texts)
    assert "requirements.txt" in problems.errors[0].hint
    assert _ask(Manifest("python"), texts, poetry=True)[1].errors == []


@pytest.mark.parametrize(
    ("texts", "where", "words"),
    [
        ({"pyproject.toml": PROJECT}, "PulumiPolicy.yaml", "poetry.lock"),
        ({"poetry.lock": ""}, "PulumiPolicy.yaml", "pyproject.toml"),
        (
            {"pyproject.toml": PROJECT + "[tool.poetry.requires-plugins]\nx = '*'\n", "poetry.lock": ""},
            "pyproject.toml",
            "requires-plugins",
        ),
    ],
)
def test_poetry_gets_a_lock_and_no_plugins(texts: dict[str, str], where: str, words: str) -> None:
    """Without a lock poetry would resolve at publish, and with plugins run what the pack names."""
    _, problems = _ask(Manifest("python", toolchain="poetry"), {MAIN: "", **texts}, poetry=True)
    assert [(p.code, p.where) for p in problems.errors] == [("poetry", where)]
    assert words in problems.errors[0].message and problems.errors[0].hint


@pytest.mark.parametrize("toolchain", ["uv", "poetry"])
def test_the_environment_of_uv_and_poetry_is_at_dot_venv(toolchain: str) -> None:
    """Where the manifest names no place, what is in the way of the toolchain's own place is refused."""
    texts = {MAIN: "", "pyproject.toml": PROJECT, f"{toolchain}.lock": UV_LOCK}
    _, problems = _ask(Manifest("python"), {**texts, ".venv/x.py": ""}, poetry=True)
    assert [(p.code, p.where) for p in problems.errors] == [("virtualenv-occupied", ".venv/x.py")]
    assert _ask(Manifest("python"), {**texts, "venv/x.py": ""}, poetry=True)[1].errors == []


def test_the_one_python_file_is_named_in_the_hint() -> None:
    """A pack with main.py in place of __main__.py is told to rename it."""
    _, problems = _ask(Manifest("python"), {"main.py": "", "requirements.txt": "a\n"})
    assert problems.errors[0].hint == "rename main.py to __main__.py"


@pytest.mark.parametrize("path", ["requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock"])
def test_dependencies_that_a_rule_leaves_out_are_an_error(path: str) -> None:
    """A dependency file that lies on the disk but not in the pack would change what is installed."""
    _, problems = _ask(Manifest("python"), {MAIN: ""}, left_out={path: "ignored by .gitignore:1"})
    assert [(p.code, p.where) for p in problems.errors] == [("dependencies-left-out", path)]
    assert ".gitignore:1" in problems.errors[0].message


@pytest.mark.parametrize(
    "virtualenv",
    [
        *(
            ".packreg.json",
            ".Packreg.json/x",
            ".packreg",
            ".packreg/wheels",
            ".packreg/venv",
            ".env",
            ".env.venv",
        ),
        *(
            ".git/x",
            ".GIT",
            "x/.svn",
            "node_modules",
            "lib/node_modules/x",
            "__pycache__",
            "venv/__pycache__",
        ),
        *("venv.pyc", ".npmrc", "my.key"),
    ],
)
def test_an_environment_is_not_made_where_packreg_or_others_keep_their_own(virtualenv: str) -> None:
    """A place that is packreg's, or that is never part of a pack, is refused before a version is used up."""
    _, problems = _ask(Manifest("python", virtualenv=virtualenv), {MAIN: "", "requirements.txt": ""})
    assert [(p.code, p.where) for p in problems.errors] == [("virtualenv-reserved", "PulumiPolicy.yaml")]


@pytest.mark.parametrize("virtualenv", ["venv", ".venv", "envs/x", "env", "packreg", "git/x", ".virtualenv"])
def test_an_environment_may_be_made_elsewhere(virtualenv: str) -> None:
    """Usual names are no reserved ones."""
    _, problems = _ask(Manifest("python", virtualenv=virtualenv), {MAIN: "", "requirements.txt": ""})
    assert problems.errors == []


@pytest.mark.parametrize(
    ("virtualenv", "path"),
    [
        (None, "venv/x.py"),
        ("venv", "Venv/x.py"),
        (".venv", ".venv"),
        ("envs/x", "envs/x/lib.py"),
        ("envs/x", "envs"),
    ],
)
def test_the_place_of_the_environment_is_free(virtualenv: str | None, path: str) -> None:
    """Files where the virtual environment is made, or above it as a file, would be mixed with it."""
    manifest = Manifest("python", virtualenv=virtualenv)
    _, problems = _ask(manifest, {MAIN: "", "requirements.txt": "", path: ""})
    assert [(p.code, p.where) for p in problems.errors] == [("virtualenv-occupied", path)]
    _, problems = _ask(manifest, {MAIN: "", "requirements.txt": "", "venvs/x.py": "", "envs.py": ""})
    assert problems.errors == []


@pytest.mark.parametrize(
    ("main", "paths", "errors", "warnings"),
    [
        (None, ["index.js"], [], []),
        (None, ["index.ts"], [], []),
        (None, ["main.js"], ["entry-missing"], []),
        ("bin/index.js", ["bin/index.js"], [], []),
        ("bin/index", ["bin/index.js"], [], []),
        ("bin", ["bin/index.js"], [], []),
        ("index", ["index.ts"], [], []),
        ("bin/index.js", ["index.ts"], [], ["main-missing"]),
        ("bin/index.js", ["src/index.ts"], ["entry-missing"], []),
    ],
)
def test_where_nodejs_starts(
    main: str | None, paths: list[str], errors: list[str], warnings: list[str]
) -> None:
    """`main` of package.json is found as require() finds it; without it Node.js takes the index."""
    package = PackageJson("x", "1.0.0", main=main)
    found, problems = _ask(Manifest("nodejs"), dict.fromkeys(["package.json", *paths], ""), package=package)
    assert found.kind == "npm"
    assert (_codes(problems), [problem.code for problem in problems.warnings]) == (errors, warnings)


def test_nodejs_needs_a_package_json() -> None:
    """A missing package.json is named; a bad one was named by its reader and is not named again."""
    _, problems = _ask(Manifest("nodejs"), {"index.js": ""})
    assert _codes(problems) == ["package-json-missing"]
    _, problems = _ask(Manifest("nodejs"), {"index.js": "", "package.json": "{"})
    assert _codes(problems) == []


def test_opa_needs_a_rule() -> None:
    """A pack without any .rego file would run and allow everything."""
    assert _codes(_ask(Manifest("opa"), {"README.md": ""})[1]) == ["entry-missing"]
    found, problems = _ask(Manifest("opa"), {"lib/a.rego": ""})
    assert (found.kind, problems.errors) == ("none", [])


@pytest.mark.parametrize(
    ("main", "paths", "errors"),
    [
        (None, [], []), (".", [], []), ("policy.rego", ["policy.rego"], []),
        ("src", ["src/policy.rego"], ["main"]),
        ("src/policy.rego", ["src/policy.rego"], ["main"]), ("missing", [], ["main"]),
    ],
)  # fmt: skip
def test_main_of_the_manifest_stays_in_the_root(
    main: str | None, paths: list[str], errors: list[str]
) -> None:
    """Pulumi takes the directory of `main` for the pack, where manifest and dependencies would be missing."""
    _, problems = _ask(Manifest("opa", main=main), dict.fromkeys(["a.rego", *paths], ""))
    assert _codes(problems) == errors
