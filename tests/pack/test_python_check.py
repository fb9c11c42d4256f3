"""What Python packs are asked beyond the cases of test_loadable: wheels, bounds, and limits."""

from __future__ import annotations

from packreg.pack.entry import Dependencies
from packreg.pack.files import File
from packreg.pack.problems import Problems
from packreg.pack.python_check import MAX_SOURCE, check_python
from packreg.pack.requirements import Requirements

SDK = Dependencies("requirements", Requirements(("pulumi-policy>=1",)))


def _check(texts: dict[str, str], dependencies: Dependencies = SDK) -> Problems:
    problems = Problems()
    files = {path: File(text.encode()) for path, text in texts.items()}
    check_python(files, dependencies, lambda path: "", problems)
    return problems


def test_a_pack_that_runs_as_a_wheel_is_followed_from_its_package() -> None:
    """Its entry is the package of its name, at the root or below src."""
    project = '[project]\nname = "My-Pack"\nversion = "1"\ndependencies = ["pulumi-policy"]\n'
    for root in ("", "src/"):
        texts = {"pyproject.toml": project, f"{root}my_pack/__main__.py": "from my_pack import rules\n"}
        texts |= {f"{root}my_pack/__init__.py": "", f"{root}my_pack/rules.py": "a b\n"}
        problems = _check(texts, Dependencies("pyproject"))
        assert [(p.code, p.where[:-2]) for p in problems.errors] == [
            ("python-syntax", f"{root}my_pack/rules.py:1")
        ]


def test_the_native_modules_of_a_pack_are_its_own() -> None:
    """A compiled module beside the source is one."""
    texts = {"__main__.py": "import fast\n", "fast.cpython-312-x86_64-linux-gnu.so": ""}
    assert _check(texts).errors == []


def test_a_package_that_says_where_its_modules_are_is_believed() -> None:
    """It may bring modules from anywhere."""
    texts = {"__main__.py": "import helpers.names\n", "helpers/__init__.py": "__path__.append('x')\n"}
    assert _check(texts).errors == []


def test_source_beyond_the_limit_is_passed_over() -> None:
    """What surely runs is read first, and a pack with much else costs no more."""
    filler = "#" * 60_000
    texts = {f"other/{number}.py": filler for number in range(MAX_SOURCE // 60_000 + 2)}
    texts |= {"other/zzz.py": "a b\n", "__main__.py": "c d\n"}
    assert [problem.where[:-2] for problem in _check(texts).errors] == ["__main__.py:1"]
    assert _check(texts).warnings == []
