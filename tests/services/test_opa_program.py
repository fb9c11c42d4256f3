"""The program opa on machines that have none: it comes with packs, and what it judges is judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.governed import GUARD, OPEN, write_state


@pytest.fixture
def cut_off(user: User, opa: str) -> User:
    """Somebody whose archive has an OPA pack and opa, and whose machine has neither."""
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    done = user.must("cache", "export", "guard@1.0.0", "--with-opa", "-o", "packs.tar")
    assert re.search(r"^opa 1\.\d+\.\d+ sha256:[0-9a-f]{64}$", done.out, re.MULTILINE)
    user.must("cache", "clean", "--yes")
    user.extra["PATH"] = str(user.top / "no-programs")
    write_state(user.directory / "state.json", "shop", "prod", OPEN)
    return user


def test_opa_comes_with_the_packs(cut_off: User) -> None:
    """Without opa nothing passes; after the import the pack judges, and `doctor` says where it is."""
    words = ("analyze", "guard@1.0.0", "--state", "state.json")
    assert cut_off(*words).code == 4
    found = cut_off.must("cache", "import", "packs.tar", "--json").json()
    assert found["opa"].keys() == {"version", "sha256"}
    done = cut_off(*words)
    assert done.code == 3 and "it is open to the public" in done.out
    checks = {check["topic"]: check for check in cut_off("doctor", "--no-probe", "--json").json()["checks"]}
    home = cut_off.must("cache", "dir").out.strip()
    assert checks["opa"]["level"] == "ok" and home in checks["opa"]["message"]
    assert "program\topa\t" in cut_off.must("cache", "list").out
    cut_off.must("cache", "prune")
    assert cut_off(*words).code == 3
    cut_off.must("cache", "clean", "--yes")
    assert not list(Path(home).glob("programs/*"))


def test_an_export_says_what_the_other_machine_needs(user: User, opa: str) -> None:
    """Without --with-opa the export of an OPA pack says so; with it, a missing or old opa is exit code 10."""
    user.publish("guard", "1.0.0")
    assert "--with-opa brings it" in user.must("cache", "export", "guard@1.0.0", "-o", "packs.tar").err
    user.extra["PATH"] = str(user.top / "no-programs")
    done = user("cache", "export", "guard@1.0.0", "--with-opa", "-o", "other.tar")
    assert done.code == 10 and "tools.opa" in done.err
    assert not (user.directory / "other.tar").exists()
