"""uv.lock and poetry.lock: what would be installed, and what of it no index has."""

from __future__ import annotations

import pytest

from packreg.pack.files import File
from packreg.pack.problems import Problems
from packreg.pack.python_locks import PythonLock, out_of_step, read_python_lock

HASH = "sha256:" + "0" * 64


def _read(path: str, text: str) -> tuple[PythonLock | None, list[str]]:
    problems = Problems()
    lock = read_python_lock({path: File(text.encode())}, path, ["acme-rules>=1"], problems)
    return lock, [problem.message for problem in problems.errors]


def _poetry(more: str, files: str = f'[{{file = "a.whl", hash = "{HASH}"}}]') -> str:
    return f'[[package]]\nname = "Acme.Rules"\nversion = "1.0"\nfiles = {files}\n{more}'


def test_a_poetry_lock_is_read() -> None:
    """Names are normalised; there is no lock where there is no file."""
    assert _read("poetry.lock", _poetry("")) == (PythonLock("poetry.lock", {"acme-rules": ("1.0",)}), [])
    assert read_python_lock({}, "poetry.lock", [], Problems()) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_poetry('[package.source]\ntype = "git"\nurl = "x"\n'), "Acme.Rules comes from a git repository"),
        (_poetry('[package.source]\ntype = "directory"\n'), "Acme.Rules comes from a local directory"),
        (_poetry('[package.source]\ntype = "url"\nurl = "x"\n'), "Acme.Rules comes from a URL"),
        (_poetry("", '[{file = "a.whl"}]'), "Acme.Rules has no hash to check it by"),
        ("[[package]", "this is not TOML: "),
    ],
)  # fmt: skip
def test_what_no_index_has_is_refused(text: str, said: str) -> None:
    """Repositories, directories, URLs and files without a hash, and what is no lock at all."""
    lock, [message] = _read("poetry.lock", text)
    assert lock is None and message.startswith(said)


def test_a_legacy_source_is_an_index() -> None:
    """Poetry names an index of its own so."""
    assert _read("poetry.lock", _poetry('[package.source]\ntype = "legacy"\nurl = "x"\n'))[1] == []


def test_packages_of_other_groups_are_not_installed() -> None:
    """What only the tests of a pack need may come from anywhere; what a requirement needs may not."""
    git = '[[package]]\nname = "Tool"\nversion = "1"\n[package.source]\ntype = "git"\nurl = "x"\n'
    assert _read("poetry.lock", _poetry("") + git)[1] == []
    needed = _poetry('[package.dependencies]\ntool = "*"\n') + git
    assert _read("poetry.lock", needed)[1] == ["Tool comes from a git repository"]


def test_only_what_surely_differs_is_out_of_step() -> None:
    """Markers may leave a package out, and one of several versions may do; pre-releases count."""
    lock = PythonLock("uv.lock", {"a": ("1.0", "2.0"), "b": ("3.0rc1",)})
    problems = Problems()
    out_of_step(
        lock, ["a>=2", "b>=3.0rc1", "B<4", "c; sys_platform == 'win32'", "not a requirement"], problems
    )
    assert problems.errors == []
    out_of_step(lock, ["a>=3", "d"], problems)
    assert [problem.message for problem in problems.errors] == [
        "pyproject.toml requires a>=3, and uv.lock has 1.0, 2.0",
        "d is required in pyproject.toml and missing in uv.lock",
    ]
    assert {problem.hint for problem in problems.errors} == {"run `uv lock`"}
