"""Every setting and where it comes from."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_admin import registry as registry


def test_config_tells_every_setting_and_its_origin(user: User) -> None:
    """Values come with the file, variable or option that they are from."""
    path = user.directory / "packreg.toml"
    path.write_text('registry = "s3://policies/packs?region=eu-1"\n[install]\npython = "3.12"\n')
    user.extra["PACKREG_HOME"] = str(user.top / "elsewhere")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in user.must("config").out.splitlines()}
    assert rows["registry.url"] == ["s3://policies/packs?region=eu-1", str(path)]
    assert rows["registry.region"] == ["eu-1", str(path)]
    assert rows["install.home"] == [str(user.top / "elsewhere"), "environment PACKREG_HOME"]
    assert rows["install.python"] == ["3.12", str(path)]
    assert rows["limits.members"] == ["10000", "default"]
    found = user.must("config", "--registry", "/srv/packs", "--json").json()
    assert found["files"] == [str(path)]
    assert found["location"]["url"] == "file:///srv/packs"
    assert {"key": "registry.url", "value": "/srv/packs", "origin": "--registry"} in found["settings"]


def test_config_shows_where_a_directory_is(user: User) -> None:
    """A registry that was given as a relative path, or below `~`, is shown as an absolute one."""
    for given, shown in (("../packs", user.top / "packs"), ("~/packs", user.top / "user" / "packs")):
        user.extra["PACKREG_REGISTRY"] = given
        assert user.must("config").out.startswith(f"registry.url\t{shown}\tenvironment PACKREG_REGISTRY\n")


def test_a_bad_configuration_is_told_by_every_command(user: User) -> None:
    """A misspelt key stops a command with the file and the fix, the fast way too."""
    (user.directory / "packreg.toml").write_text('[install]\npyhton = "3.12"\n')
    for words in (["list"], ["path", "guard@1.0.0"], ["config"]):
        done = user(*words)
        assert done.code == 2
        assert "hint: did you mean install.python?" in done.err
