"""New packs: each keeps the rules of publishing, and its own test passes as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.pack.check import check_directory
from packreg.pack.template import LANGUAGES, TEMPLATES, new_pack


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_pack_can_be_published(tmp_path: Path, template: str) -> None:
    """A new pack passes every check without a warning, under the name that was asked for, as 0.1.0."""
    language = TEMPLATES[template].language
    name = "my_rules" if language == "opa" else "my-rules"
    assert new_pack(template, tmp_path / "pack", "My-Rules") == name
    report, pack = check_directory(tmp_path / "pack")
    assert report.errors == report.warnings == ()
    assert pack is not None
    runtime = "nodejs" if language == "typescript" else language
    assert (pack.name, pack.version.text, pack.runtime) == (name, "0.1.0", runtime)
    assert pack.manifest.description == TEMPLATES[template].description
    assert "README.md" in pack.files and any(path.startswith("tests/") for path in pack.files)
    assert not any(b"@NAME@" in file.data or b"@DESC" in file.data for file in pack.files.values())
    assert not any(path.endswith(".template") for path in pack.files)


def test_there_is_a_template_for_each_cloud_and_language() -> None:
    """Each cloud, Kubernetes and each language have two packs to start from, beside the small ones."""
    started = [name for name in TEMPLATES if name not in LANGUAGES]
    clouds = Counter(name.partition("-")[0] for name in started)
    assert clouds == {"aws": 2, "azure": 2, "gcp": 2, "kubernetes": 2}
    assert Counter(TEMPLATES[name].language for name in started) == dict.fromkeys(LANGUAGES, 2)


def test_no_template_is_without_an_entry() -> None:
    """The directories of the package and the table name the same templates."""
    place = resources.files("packreg.pack") / "templates"
    assert {entry.name for entry in place.iterdir()} == {*TEMPLATES, "shared"}


_TESTS = {
    "python": [sys.executable, "-m", "unittest", "-v", "tests/test_rules.py"],
    "nodejs": ["node", "--test"],
    "opa": ["opa", "test", "-v", "."],
}


@pytest.mark.parametrize("runtime", _TESTS)
def test_its_own_test_passes(tmp_path: Path, runtime: str, request: pytest.FixtureRequest) -> None:
    """The test that a new pack brings runs without Pulumi, and passes; with the rule gone it fails."""
    command = _TESTS[runtime]
    if runtime == "opa":
        request.getfixturevalue("opa")
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    new_pack(runtime, tmp_path / "pack", "rules")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "NODE_"))}

    def run() -> int:
        result = subprocess.run(
            command, cwd=tmp_path / "pack", env=environment, capture_output=True, check=False
        )
        return result.returncode

    assert run() == 0
    for path in (tmp_path / "pack").rglob("*"):
        if path.name in ("rules.py", "rules.js", "policy.rego"):
            path.write_text(path.read_text().replace('"public-read"', '"never"'))
    assert run() != 0


def test_the_manifest_of_a_python_pack_names_its_environment(tmp_path: Path) -> None:
    """A new Python pack has its own environment: without the option Pulumi runs it with any Python."""
    new_pack("python", tmp_path / "pack", "rules")
    _, pack = check_directory(tmp_path / "pack")
    assert pack is not None
    assert pack.manifest.virtualenv == "venv"
    assert pack.requirements is not None
    assert len(pack.requirements.lines) == 2


def test_an_empty_directory_is_filled_and_stays_itself(tmp_path: Path) -> None:
    """A directory that is there and empty is used as it is, as somebody's working directory may be."""
    before = tmp_path.stat().st_ino
    new_pack("opa", tmp_path, "rules")
    assert tmp_path.stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "PulumiPolicy.yaml", "README.md", "policy.rego", "policy_test.rego", "tests",
    ]  # fmt: skip


def test_parents_are_made(tmp_path: Path) -> None:
    """The directories above the new one are made where they are missing."""
    new_pack("opa", tmp_path / "a/b/c", "rules")
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["c"]


@pytest.mark.parametrize(
    ("runtime", "name", "word"),
    [("go", "rules", "no template"), ("Python", "rules", "no template"), ("python", "a b", "not a pack name"),
     ("python", "", "empty"), ("opa", "1rules", "Rego")],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, runtime: str, name: str, word: str) -> None:
    """Another runtime or an impossible name is refused before anything is written."""
    with pytest.raises(UsageError, match=word):
        new_pack(runtime, tmp_path / "pack", name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    """A directory with anything in it, a file and a link are refused and stay as they were."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    for name in ("full", "file", "link", "file/below"):
        with pytest.raises(UsageError):
            new_pack("python", tmp_path / name, "rules")
    assert (tmp_path / "full/notes.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full", "link"]
    assert list((tmp_path / "empty").iterdir()) == []
