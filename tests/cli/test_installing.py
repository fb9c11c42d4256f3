"""`install`, `path`, `lock`, `download` and `dev`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import User


@pytest.fixture
def published(user: User) -> User:
    """A user with guard 1.0.0 and 1.1.0 and limits 0.1.0 in the registry."""
    user.publish("guard", "1.0.0")
    user.publish("guard", "1.1.0")
    user.publish("limits", "0.1.0")
    return user


def test_install_prints_the_directory_of_each_pack_in_order(published: User) -> None:
    """Several packs are installed at once; stdout has their directories, stderr what was done."""
    done = published.must("install", "limits", "guard@1.0.0")
    limits, guard = map(Path, done.out.splitlines())
    assert (limits.parts[-2:], guard.parts[-2:]) == (("limits", "0.1.0"), ("guard", "1.0.0"))
    assert (guard / "policy.rego").is_file()
    assert done.err == "limits@0.1.0 installed\nguard@1.0.0 installed\n"
    assert "is already installed" in published.must("install", "limits").err


def test_install_as_json(published: User) -> None:
    """The document is an array with one object for each pack, and says whether anything was done."""
    (found,) = published.must("install", "guard@^1", "--json").json()
    assert list(found) == ["name", "version", "path", "digest", "environment", "changed", "notes"]
    assert (found["name"], found["version"], found["changed"]) == ("guard", "1.1.0", True)
    assert published.must("pull", "guard@^1", "--json").json()[0]["changed"] is False


def test_path_prints_nothing_but_the_directory(published: User) -> None:
    """`path` installs if need be; what a shell substitutes for it is the directory alone."""
    done = published.must("path", f"guard@{published.must('info', 'guard', '--json').json()['digest']}")
    assert Path(done.out.rstrip("\n")).is_dir()
    assert done.err == ""
    assert published.must("path", "guard", "--json").json()["version"] == "1.1.0"


def test_one_failure_does_not_stop_the_others(published: User) -> None:
    """What can be installed is; the exit code is that of the first failure, and the document has both."""
    done = published("install", "nothing", "guard@1.0.0", "missing@1.0.0", "--json")
    assert done.code == 6
    document = done.json()
    assert document["error"]["code"] == "not-found"
    assert [entry["name"] for entry in document["installed"]] == ["guard"]
    assert "missing" in done.err
    done = published("install", "nothing", "guard@1.0.0")
    assert (done.code, len(done.out.splitlines())) == (6, 1)


def test_install_to_a_directory(published: User) -> None:
    """--to puts one pack where it is wanted, and only one."""
    done = published.must("install", "guard@1.0.0", "--to", "here", "--no-env")
    assert done.out == f"{published.directory / 'here'}\n"
    assert (published.directory / "here" / "policy.rego").is_file()
    assert published("install", "guard", "limits", "--to", "there").code == 2


def test_offline_says_what_is_missing(published: User) -> None:
    """Offline, what this machine never saw is exit code 10 with the way out; what it has is found."""
    done = published("install", "guard@1.0.0", "--offline")
    assert done.code == 10
    assert "cache export" in done.err
    published.must("install", "guard@1.0.0")
    published.must("install", "guard@1.0.0", "--offline", "--force")


def test_a_damaged_bundle_offline_is_named_with_the_way_out(published: User) -> None:
    """What was kept and is no longer whole is said to be damaged, with the release and the way out."""
    path = Path(published.must("install", "guard@1.0.0").out.strip())
    home = Path(published.must("cache", "dir").out.strip())
    (bundle,) = (home / "bundles").iterdir()
    bundle.chmod(0o644)
    bundle.write_bytes(b"x")
    done = published("install", "guard@1.0.0", "--offline", "--force")
    assert done.code == 10
    assert "the bundle of guard@1.0.0 that was kept here is damaged" in done.err
    assert "`packreg install guard@1.0.0 --force`" in done.err
    assert published.must("install", "guard@1.0.0", "--force").out == f"{path}\n"


def test_offline_another_registry_is_named(published: User) -> None:
    """What is known here of another registry is told with its place, also after `cache import`."""
    place = published.must("config", "--json").json()["location"]["url"]
    published.must("cache", "export", "guard@1.0.0", "-o", "packs.tar")
    published.extra["PACKREG_HOME"] = str(published.top / "elsewhere")
    published.must("cache", "import", "packs.tar")
    published.extra["PACKREG_REGISTRY"] = str(published.top / "other")
    for reference in ("guard@1.0.0", "guard", "guard@^1"):
        done = published("install", reference, "--offline")
        assert done.code == 10
        assert f"hint: it is known from {place}: name that one with --registry" in done.err
    for reference in ("guard@9.0.0", "guard@^2", "limits"):
        assert "it is known" not in published("install", reference, "--offline").err
    (url,) = (published.top / "elsewhere" / "remembered").glob("*/url")
    url.write_text("file:///made/up")
    done = published("install", "guard", "--offline")
    assert f"it is known from the registry with the id {url.parent.name}: " in done.err


def test_a_longer_bundle_in_the_registry_is_named(published: User) -> None:
    """A bundle that has more bytes than its record says is refused with the name of the release."""
    registry = Path(published.must("config", "--json").json()["settings"][0]["value"])
    (bundle,) = (registry / "bundles" / "guard" / "1.0.0").glob("*.tgz")
    bundle.chmod(0o644)
    bundle.write_bytes(bundle.read_bytes() + b"x")
    done = published("install", "guard@1.0.0")
    assert done.code == 8
    assert "the bundle of guard@1.0.0 is damaged" in done.err
    assert "hint: nothing of it was used" in done.err


def test_a_yanked_version_installs_with_a_warning(published: User) -> None:
    """Pinned installs go on working and hear why the version was yanked; `latest` avoids it."""
    published.must("yank", "guard@1.1.0", "--reason", "blocks everything")
    done = published.must("install", "guard@1.1.0")
    assert "warning: guard@1.1.0 is yanked: blocks everything" in done.err
    assert published.must("install", "guard", "--json").json()[0]["version"] == "1.0.0"


def test_a_removed_release_is_not_installed_from_what_was_kept(published: User) -> None:
    """The registry is asked even if the bundle is here; offline nobody can know; installed is installed."""
    path = Path(published.must("install", "guard@1.0.0").out.strip())
    published.must("remove", "guard@1.0.0", "--yes", "--reason", "a secret")
    for words in (["--force"], ["--to", "there", "--no-env"]):
        done = published("install", "guard@1.0.0", *words)
        assert done.code == 6
        assert "guard@1.0.0 was removed: a secret (" in done.err
    assert published.must("path", "guard@1.0.0").out == f"{path}\n"
    shutil.rmtree(path)
    assert published("path", "guard@1.0.0").code == 6
    assert published.must("path", "guard@1.0.0", "--offline").out == f"{path}\n"


def test_uninstall_prints_what_is_gone(published: User) -> None:
    """The packs are data, what was freed is talk; what is not there is exit code 6."""
    published.must("install", "guard@1.0.0")
    done = published.must("uninstall", "guard")
    assert done.out == "guard@1.0.0\n" and "`packreg cache prune`" in done.err
    assert published("uninstall", "guard").code == 6
    published.must("install", "guard@1.0.0")
    [gone] = published.must("uninstall", "guard@1.0.0", "--json").json()
    assert (gone["kind"], gone["name"]) == ("pack", "guard@1.0.0")
