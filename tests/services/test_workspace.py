"""What use cases are given: made of settings that are read or given, for many threads, beside others."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from packreg.errors import UsageError
from packreg.services.enforce import enforce
from packreg.services.governance import read_governance
from packreg.services.workspace import Workspace
from tests.cli.conftest import User
from tests.cli.governed import GOOD, GUARD, OPEN
from tests.services.test_enforce import state


def test_settings_that_are_given_are_the_only_ones(user: User) -> None:
    """No variable and no file of the user or a project says anything beside them; without them, all do."""
    file = user.directory / "packreg.toml"
    file.write_text('[analysis]\nmemory = "1GiB"\n')
    environ = {**user.environ, "PACKREG_HOME": "/elsewhere", "PACKREG_REGISTRY": "/nobodys"}
    cwd = str(user.directory)
    read = Workspace(environ, cwd=cwd, project=True).settings
    assert (read.home, read.registry, read.values["analysis.memory"]) == ("/elsewhere", "/nobodys", "1GiB")
    settings = {"install": {"home": "/srv/home"}, "registry": {"url": "packs"}}
    given = Workspace(environ, settings=settings, state="marks", cwd=cwd, project=True)
    assert given.settings.home == "/srv/home"
    assert given.location.path == str(user.directory / "packs")
    assert given.settings.state == str(user.directory / "marks")
    assert "analysis.memory" not in given.settings.values and not given.settings.files
    named = Workspace(environ, registry="named", settings=settings, cwd=cwd)
    assert named.location.path == str(user.directory / "named")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"install": {"hom": "/srv"}}, "there is no setting install.hom"),
        ({"install": {"home": "here"}}, "relative path"),
        ({"install": "here"}, "install must be a table"),
        ({"analysis": {"memory": "much"}}, "analysis.memory"),
        ({"guard": {"fail_open_until": "2999-01-01"}}, "guard"),
    ],
)
def test_a_wrong_setting_of_a_program_is_named(settings: Mapping[str, Any], said: str) -> None:
    """As one of a file is; only the operator's file opens what fails."""
    with pytest.raises(UsageError, match=said) as refused:
        Workspace(settings=settings).settings  # noqa: B018
    assert "the program's settings" in str(refused.value)


def test_who_acts_is_an_argument() -> None:
    """A name, or what is asked for one when it is first needed."""
    assert Workspace(by="ada").by == "ada"
    assert Workspace(by=lambda: "bob").by == "bob"


def test_two_workspaces_do_not_disturb_each_other(opa: str, user: User, tmp_path: Path) -> None:
    """Two registries are decided about in one process without any environment, and none is written to it."""
    registries = [tmp_path / "one", tmp_path / "other"]
    for registry in registries:
        user.extra["PACKREG_REGISTRY"] = str(registry)
        user.must("init", "--quiet")
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    user.must("enable", "--yes", "guard@^1", "--quiet")
    before = dict(os.environ)

    def made(registry: Path) -> Workspace:
        settings = {"install": {"home": str(tmp_path / "home")}, "tools": {"opa": opa}}
        place = {"cwd": str(user.directory), "state": str(tmp_path / "state")}
        return Workspace(registry=str(registry), settings=settings, by="ada", **place)

    with made(registries[0]) as one, made(registries[1]) as other:
        assert enforce(one, "shop/prod", state(OPEN)).verdict == "nothing-required"
        assert enforce(other, "shop/prod", state(OPEN)).verdict == "denied"
        assert enforce(other, "shop/prod", state(GOOD)).verdict == "allowed"
        assert one.private.path != other.private.path
        places = [one.private.path, other.private.path]
        one.close()
        assert [place.exists() for place in places] == [False, True]
        assert enforce(other, "shop/prod", state(OPEN)).verdict == "denied"
    assert not any(place.exists() for place in places)
    assert dict(os.environ) == before


def test_many_threads_open_one_of_each(user: User) -> None:
    """Whoever comes first opens it, and the others have the same."""
    user.must("init", "--quiet")
    workspace = Workspace(user.environ, cwd=str(user.directory))
    together = threading.Barrier(8)

    def ask(_: int) -> tuple[int, ...]:
        together.wait()
        read_governance(workspace)
        return tuple(id(each) for each in (workspace.store, workspace.registry(), workspace.private))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
