"""Packs with Pulumi's real SDKs, sealed: installed and run where no index can be reached."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.user import Shell, with_registry

#: A port at which nobody listens.
NOWHERE = "http://127.0.0.1:9"
BUCKET = {"type": "aws:s3/bucket:Bucket", "name": "logs", "properties": {"acl": "public-read"}}


def cut_off(shell: Shell, top: Path) -> Shell:
    """A user of the same registry with an empty home and empty caches, and no index but one that is down."""
    top.mkdir()
    own = {
        "PACKREG_HOME": str(top / "home"),
        "XDG_STATE_HOME": str(top / "state"),
        "UV_CACHE_DIR": str(top / "uv"),
        "PIP_CACHE_DIR": str(top / "pip"),
        "UV_DEFAULT_INDEX": f"{NOWHERE}/simple/",
        "PIP_INDEX_URL": f"{NOWHERE}/simple/",
        "PIP_FIND_LINKS": "",
        "npm_config_cache": str(top / "npm"),
        "npm_config_registry": f"{NOWHERE}/",
    }
    return Shell({**shell.environment, **own}, top)


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
def test_a_sealed_pack_judges_where_there_is_no_index(registry: Shell, tmp_path: Path, runtime: str) -> None:
    """Everything that the SDK consists of comes from the registry, and the pack finds what it should."""
    if runtime == "nodejs" and not shutil.which("npm"):
        pytest.skip("there is no npm here")
    shell = with_registry(registry, tmp_path)
    shell.must(f"packreg new {runtime} buckets --quiet")
    said = shell.must("packreg publish buckets --seal --no-run")
    assert "sealing buckets@0.1.0 keeps " in said
    assert json.loads(shell.must("packreg info buckets --json"))["sealed"]["files"] > 20
    there = cut_off(shell, tmp_path / "there")
    there.must("packreg install buckets@0.1.0")
    (there.directory / "resources.jsonl").write_text(json.dumps(BUCKET) + "\n", "utf-8")
    code, output = there.run("packreg analyze buckets@0.1.0 --resources resources.jsonl")
    assert code == 3
    assert "everybody can read this bucket" in output
    there.must("packreg verify buckets")
