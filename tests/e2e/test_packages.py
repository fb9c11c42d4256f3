"""A Python pack without `__main__.py`, which is a package that it builds, in the real CLIs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import cli_shell
from tests.e2e.governed import GOOD, OPEN, GovernedStack, policies
from tests.e2e.user import Pulumi, Shell, Stack, publish, with_registry

HERE = Path(__file__).parent
PACK = HERE / "packs" / "python-package"
REFERENCE = "built-guard@1.0.0"
STATE = {"type": "demo:index:Bucket", "name": "logs", "properties": OPEN}


@pytest.fixture(scope="module")
def published(registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell whose registry has the pack, which ran once for that, and requires it of everyone."""
    top = tmp_path_factory.mktemp("packages")
    shell = with_registry(registry, top)
    assert "ok: built-guard 1.0.0" in shell.must(f"packreg check '{PACK}'")
    assert publish(shell, PACK, top / "pack") == REFERENCE
    shell.must(f"packreg enable {REFERENCE} --yes")
    return shell


def test_the_pack_judges_as_a_release_and_as_a_directory(published: Shell, tmp_path: Path) -> None:
    """`analyze` denies by the installed package, and by a directory whose package is not at its top."""
    state = tmp_path / "resources.jsonl"
    state.write_text(json.dumps(STATE) + "\n")
    copy = tmp_path / "copy"
    published.must(f"cp -r '{PACK}' '{copy}'")
    for word in (REFERENCE, copy):
        code, output = published.run(f"packreg analyze '{word}' --resources '{state}'")
        assert code == 3
        assert "bucket-acl-private" in output


def test_the_cli_and_packreg_run_the_installed_pack(published: Shell, pulumi: Pulumi, tmp_path: Path) -> None:
    """The newest CLI starts what `packreg path` names, stops a violation and passes the mended program."""
    stack = Stack(cli_shell(published, pulumi, tmp_path))
    stack.write(logs=OPEN)
    stack.shell.must("pulumi stack init dev --non-interactive")
    code, output = stack.preview(REFERENCE)
    assert code != 0
    assert "[mandatory]  bucket-acl-private" in policies(output)["built-guard@v1.0.0"]
    stack.write(logs=GOOD)
    code, output = stack.preview(REFERENCE)
    assert code == 0
    assert policies(output)["built-guard@v1.0.0"].startswith("✅")


def test_the_guard_runs_the_pack(published: Shell, each_pulumi: Pulumi, tmp_path: Path) -> None:
    """In each CLI the guard stops a violation by this pack, and passes the mended program."""
    shell = cli_shell(published, each_pulumi, tmp_path)
    stack = GovernedStack(shell, "shop", shell.answer("packreg guard --quiet")[1].strip())
    stack.write(logs=OPEN)
    stack.plain.must("pulumi stack init dev --non-interactive")
    code, output = stack.preview()
    assert code != 0
    assert "[mandatory]  bucket-acl-private" in policies(output)["built-guard@v1.0.0"]
    stack.write(logs=GOOD)
    assert stack.preview()[0] == 0
