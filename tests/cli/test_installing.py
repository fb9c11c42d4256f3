"""`install`, `path`, `lock`, `download` and `dev`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import User, write_pack


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


def test_a_removed_release_is_not_locked(published: User) -> None:
    """A machine that remembers the record hears of the removal; the lock stays as it was."""
    digest = published.must("info", "guard@1.0.0", "--json").json()["digest"]
    published.must("lock", "guard@1.1.0")
    before = (published.directory / "packreg.lock").read_bytes()
    published.must("remove", "guard@1.0.0", "--yes", "--reason", "a secret")
    for reference in ("guard@1.0.0", f"guard@{digest}"):
        done = published("lock", "limits", reference)
        assert done.code == 6
        assert "was removed" in done.err
    assert (published.directory / "packreg.lock").read_bytes() == before


def test_two_versions_of_one_pack_are_not_locked(published: User) -> None:
    """A lock has one pin for each pack, so naming two is exit code 2; naming one twice is naming it once."""
    done = published("lock", "guard@1.0.0", "limits", "guard@1.1.0")
    assert done.code == 2
    assert "guard@1.0.0 and guard@1.1.0 are two versions of one pack" in done.err
    assert not (published.directory / "packreg.lock").exists()
    assert published.must("lock", "guard@1.0.0", "guard@1.0.0").out.count("\n") == 1


def test_lock_pins_and_install_obeys(published: User) -> None:
    """`lock` writes exact versions, and `install --locked` installs them from any directory below."""
    done = published.must("lock", "guard@1.0.0", "limits")
    assert [line.split()[0] for line in done.out.splitlines()] == ["guard@1.0.0", "limits@0.1.0"]
    inner = published.directory / "inner"
    inner.mkdir()
    published.directory = inner
    found = published.must("install", "--locked", "--json").json()
    assert [(entry["name"], entry["version"]) for entry in found] == [("guard", "1.0.0"), ("limits", "0.1.0")]
    assert [e["name"] for e in published.must("install", "--locked", "limits", "--json").json()] == ["limits"]


def test_lock_updates_one_pin_and_keeps_the_others(published: User) -> None:
    """Locking again changes the named pack only; the same again changes nothing."""
    published.must("lock", "guard@1.0.0", "limits")
    found = published.must("lock", "guard", "--json").json()
    assert [(p["name"], p["version"], p["changed"]) for p in found["packs"]] == [("guard", "1.1.0", True)]
    text = (published.directory / "packreg.lock").read_text()
    assert 'version = "1.1.0"' in text
    assert 'name = "limits"' in text
    assert "nothing to change" in published.must("lock", "guard").err


@pytest.mark.parametrize("reference", ["other", "guard@1.1.0", "guard@^1.1"])
def test_what_the_lock_does_not_pin_is_refused(published: User, reference: str) -> None:
    """A reference that is none of the lock's pins is exit code 2, and nothing is installed."""
    published.must("lock", "guard@1.0.0")
    assert published("install", "--locked", reference).code == 2


def test_another_digest_than_the_locks_is_refused(published: User) -> None:
    """A registry that has other content for a locked version is exit code 8, also where it is installed."""
    published.must("install", "guard@1.0.0")
    published.must("lock", "guard@1.0.0")
    path = published.directory / "packreg.lock"
    digest = published.must("info", "guard@1.0.0", "--json").json()["digest"].removeprefix("sha256:")
    path.write_text(path.read_text().replace(digest, "0" * 64))
    assert published("install", "--locked").code == 8


def test_download_saves_the_published_bytes(published: User) -> None:
    """The file holds exactly the bundle that `bundle` makes of the same pack."""
    published.must("download", "guard@1.0.0", "-o", "got.tgz")
    published.must("bundle", published.top / "packs" / "guard-1.0.0", "-o", "made.tgz")
    got, made = (published.directory / name for name in ("got.tgz", "made.tgz"))
    assert got.read_bytes() == made.read_bytes()
    found = published.must("download", "guard", "--json").json()
    assert found["path"] == str(published.directory / "guard-1.1.0.tgz")
    assert list(found) == ["name", "version", "path", "digest", "sha256", "size"]


def test_a_damaged_bundle_is_not_downloaded(published: User) -> None:
    """Bytes that are not those of the record are exit code 8, and no file appears."""
    registry = Path(published.must("config", "--json").json()["settings"][0]["value"])
    (bundle,) = (registry / "bundles" / "guard" / "1.0.0").glob("*.tgz")
    bundle.chmod(0o644)
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")
    done = published("download", "guard@1.0.0")
    assert done.code == 8
    assert not list(published.directory.glob("*.tgz"))


def test_dev_of_a_pack_that_needs_nothing(user: User) -> None:
    """An OPA pack has no environment, and `dev` says so."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    assert user.must("dev", "guard", "--json").json()["environment"] is None
    assert "needs no environment" in user.must("dev", "guard").err


def test_dev_makes_an_environment_in_place(user: User) -> None:
    """A Python pack gets a virtual environment where its manifest says, and the second run finds it."""
    directory = user.directory / "guard"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text(
        "runtime:\n  name: python\n  options:\n    virtualenv: .venv\nversion: 1.0.0\n"
    )
    (directory / "__main__.py").write_text(
        'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", [])\n'
    )
    found = user.must("dev", "guard", "--json").json()
    assert (found["environment"], found["changed"]) == (str(directory / ".venv"), True)
    assert (directory / ".venv" / "pyvenv.cfg").is_file()
    assert json.loads(user.must("dev", "guard", "--json").out)["changed"] is False
