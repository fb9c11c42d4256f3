"""What this machine's Node.js and npm say of a pack: syntax, lock, scopes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from packreg.errors import InvalidPack
from packreg.services.check import check_path
from packreg.services.development import develop
from tests.services.conftest import open_workspace

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
PACK = {
    "PulumiPolicy.yaml": "runtime: nodejs\n",
    "package.json": '{"name": "guard", "version": "1.0.0", "dependencies": {"@pulumi/policy": "^1.20.0"}}\n',
    "index.js": 'const { PolicyPack } = require("@pulumi/policy");\nnew PolicyPack("guard", {});\n',
}


def _found(top: Path, texts: dict[str, str], **environ: str) -> tuple[list[str], list[str]]:
    """Codes and places of the errors and the warnings."""
    for path, text in {**PACK, **texts}.items():
        (top / "pack" / path).parent.mkdir(parents=True, exist_ok=True)
        (top / "pack" / path).write_text(text, "utf-8")
    report, _ = check_path(open_workspace(top, **environ), Path("pack"), None, None, loadable=True)
    assert "secret" not in str(report.as_json())
    errors, warnings = ([f"{p.code} {p.where}" for p in found] for found in (report.errors, report.warnings))
    return errors, warnings


def test_a_good_pack_has_no_finding(tmp_path: Path) -> None:
    """Nothing is said of it."""
    assert _found(tmp_path, {"tests/rules.mjs": "export default await 1;\n"}) == ([], [])


def test_what_surely_runs_must_compile(tmp_path: Path) -> None:
    """A file that the entry point imports is an error, one that nothing imports a warning."""
    texts = {
        "index.js": 'require("./rules");\n' + PACK["index.js"],
        "rules.js": "a b;\n",
        "old.js": "\nc d;\n",
    }
    assert _found(tmp_path, texts) == (["javascript-syntax rules.js:1"], ["javascript-syntax old.js:2"])


def test_a_lock_that_cannot_be_installed_from_is_told(tmp_path: Path) -> None:
    """Packages from elsewhere are named; the marks of a merge are told as such, once."""
    git = {
        "version": "git+ssh://git@host/x.git#1",
        "resolved": "git+ssh://git@host/x.git#1",
        "integrity": "x",
    }
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/@pulumi/policy": git}}
    errors, _ = _found(tmp_path, {"package-lock.json": json.dumps(lock)})
    assert set(errors) == {"npm-lock package-lock.json"}
    marked = '{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> main\n}\n'
    assert _found(tmp_path, {"package-lock.json": marked})[0] == ["merge-conflict package-lock.json:2"]


def test_a_scope_that_only_the_pack_knows_is_refused(tmp_path: Path) -> None:
    """It would be asked of the public registry; the operator's own npm must have it."""
    private = {
        ".npmrc": "@acme:registry=https://u:secret@npm.corp.example/\n//npm.corp.example/:_authToken=secret\n",
        "package.json": PACK["package.json"].replace('{"@pulumi', '{"@acme/rules": "^1.0.0", "@pulumi'),
    }
    assert _found(tmp_path, private)[0] == ["npm-scope .npmrc"]
    (tmp_path / "npmrc").write_text("@acme:registry=https://npm.corp.example/\n")
    assert _found(tmp_path, private, NPM_CONFIG_USERCONFIG=str(tmp_path / "npmrc")) == ([], [])


def test_a_registry_for_all_is_said_and_a_public_scope_is_not(tmp_path: Path) -> None:
    """Whoever installs chooses where the rest comes from."""
    assert _found(tmp_path, {".npmrc": "registry=https://npm.corp.example/\n"}) == (
        [],
        ["npm-registry .npmrc"],
    )
    assert _found(tmp_path, {".npmrc": "@pulumi:registry=https://registry.npmjs.org/\n"}) == ([], [])


def test_an_environment_is_not_made_from_a_scope_that_only_the_pack_knows(tmp_path: Path) -> None:
    """`dev` asks no registry for it either."""
    private = {".npmrc": "@acme:registry=https://npm.corp.example/\n"}
    private["package.json"] = PACK["package.json"].replace('{"@pulumi', '{"@acme/rules": "^1.0.0", "@pulumi')
    _found(tmp_path, private)
    with pytest.raises(InvalidPack, match="cannot be asked for") as refused:
        develop(open_workspace(tmp_path), Path("pack"))
    assert [problem.code for problem in refused.value.problems] == ["npm-scope"]
