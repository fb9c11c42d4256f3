"""Where settings come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.settings.load import load_settings
from packreg.settings.places import user_directory
from packreg.settings.values import Settings
from packreg.store.url import parse_location


def load(work: Path, home: Path, registry: str | None = None, **environ: str) -> Settings:
    """The settings of a command in `work`."""
    return load_settings({"HOME": str(home), **environ}, str(work), registry)


def write(directory: Path, text: str) -> Path:
    """A packreg.toml."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "packreg.toml").write_text(text, "utf-8")
    return directory / "packreg.toml"


def test_defaults_are_below_the_users_data(work: Path, home: Path) -> None:
    """Without any configuration the registry and the home are in the user's data directory."""
    settings = load(work, home)
    data = user_directory("data", {"HOME": str(home)})
    assert (settings.registry, settings.home) == (f"{data}/registry", data)
    assert settings.origins == {"registry.url": "default", "install.home": "default"}
    assert (settings.python, settings.instance_role, settings.limits, settings.files) == (None, False, {}, [])


def test_the_nearest_source_of_the_registry_counts(work: Path, home: Path) -> None:
    """The option is before the variable, before the project, before the user's file, before the default."""
    users = write(home / ".config" / "packreg", 'registry = "/users"')
    assert load(work, home).registry == "/users"
    project = write(work.parent, 'registry = "/projects"')
    assert load(work, home).registry == "/projects"
    assert load(work, home).files == [str(project), str(users)]
    assert load(work, home, PACKREG_REGISTRY="/variables").registry == "/variables"
    settings = load(work, home, "/options", PACKREG_REGISTRY="/variables")
    assert (settings.registry, settings.origins["registry.url"]) == ("/options", "--registry")


def test_each_key_counts_from_the_nearest_file(work: Path, home: Path) -> None:
    """A project's file and the user's complement each other, key by key."""
    write(
        home / ".config" / "packreg",
        '[install]\npython = "3.11"\nhome = "~/packs"\n[limits]\nmembers = 20000',
    )
    project = write(work.parent, '[install]\npython = "3.12"\n')
    settings = load(work, home)
    assert (settings.python, settings.home, settings.limits) == ("3.12", f"{home}/packs", {"members": 20000})
    assert settings.origins["install.python"] == str(project)


def test_the_endpoint_of_the_aws_variables_is_part_of_the_registry(work: Path, home: Path) -> None:
    """Two servers with a bucket of one name are two registries, however the endpoint was given."""
    plain = load(work, home, "s3://b/p?region=x")
    ours = load(work, home, "s3://b/p?region=x", AWS_ENDPOINT_URL="http://host:1")
    narrow = load(
        work, home, "s3://b/p", AWS_ENDPOINT_URL="http://host:1", AWS_ENDPOINT_URL_S3="http://host:2"
    )
    written = load(work, home, "s3://b/p?endpoint_url=http://host:3", AWS_ENDPOINT_URL="http://host:1")
    assert plain.registry == "s3://b/p?region=x"
    assert ours.registry == "s3://b/p?region=x&endpoint_url=http://host:1"
    assert ours.origins["registry.url"] == "--registry, environment AWS_ENDPOINT_URL"
    assert narrow.registry == "s3://b/p?endpoint_url=http://host:2"
    assert written.registry == "s3://b/p?endpoint_url=http://host:3"
    assert load(work, home, "/a", AWS_ENDPOINT_URL="http://host:1").registry == "/a"


def test_a_relative_registry_starts_at_the_file_that_names_it(work: Path, home: Path) -> None:
    """A relative registry of a file means the same from every directory below it."""
    write(work.parent, 'registry = "registry"')
    settings = load(work, home)
    assert parse_location(settings.registry, cwd=settings.base).path == str(work.parent / "registry")
    here = load(work, home, "elsewhere")
    assert parse_location(here.registry, cwd=here.base).path == str(work / "elsewhere")


@pytest.mark.parametrize("place", ["mine", "../cache", "./.packreg", "~ada/packs"])
def test_a_relative_home_is_refused(work: Path, home: Path, place: str) -> None:
    """A home that depends on where a command runs, or on a checkout, is no home of this user's."""
    with pytest.raises(UsageError, match="PACKREG_HOME is the relative path") as raised:
        load(work, home, PACKREG_HOME=place)
    assert "absolute" in raised.value.hint
    path = write(work, f'[install]\nhome = "{place}"')
    with pytest.raises(UsageError, match=r"install\.home is the relative path") as raised:
        load(work, home)
    assert str(path) in str(raised.value)


def test_the_users_state_is_outside_the_default_home(work: Path, home: Path) -> None:
    """What marks are made with lies in the user's state directory, whatever the home is."""
    assert load(work, home).state == str(home / ".local" / "state" / "packreg")
    assert load(work, home, PACKREG_HOME="/x", XDG_STATE_HOME="/state").state == "/state/packreg"


def test_what_is_said_of_a_bucket_stays_with_it(work: Path, home: Path) -> None:
    """Endpoint, region and profile belong to the URL beside them and never travel to another registry."""
    write(
        work,
        '[registry]\nurl = "s3://bucket/packs"\nendpoint_url = "https://store:9000"\nregion = "eu-1"\n'
        'profile = "a b&c"\ninstance_role = true',
    )
    settings = load(work, home)
    location = parse_location(settings.registry, cwd=settings.base)
    assert (location.bucket, location.prefix, location.endpoint_url) == (
        "bucket",
        "packs",
        "https://store:9000",
    )
    assert (location.region, location.profile, settings.instance_role) == ("eu-1", "a b&c", True)
    assert load(work, home, PACKREG_REGISTRY="s3://other").registry == "s3://other"


@pytest.mark.parametrize("registry", ["", "  "])
def test_an_empty_registry_is_refused(work: Path, home: Path, registry: str) -> None:
    """An empty --registry (an unset variable in a script) is an error, not the default registry."""
    with pytest.raises(UsageError, match="the registry of --registry is empty"):
        load(work, home, registry)


def test_a_registry_below_the_home_directory(work: Path, home: Path) -> None:
    """`~/` is the user's home in files and variables, which no shell expands; another user's is not."""
    expected = str(home / "packs")
    assert load(work, home, PACKREG_REGISTRY="~/packs").registry == expected
    assert load(work, home, "~/packs").registry == expected
    assert load(work, home, PACKREG_HOME="~/kept").home == str(home / "kept")
    for text in ('registry = "~/packs"', '[registry]\nurl = "~/packs"'):
        write(work, text)
        assert load(work, home).registry == expected
    assert load(work, home, PACKREG_REGISTRY="~ada/packs").registry == "~ada/packs"


def test_variables_of_other_clouds_belong_to_the_url(work: Path, home: Path) -> None:
    """An emulator and an account that variables name are part of the URL that identifies the registry."""
    emulator = load(work, home, "gs://b/p", STORAGE_EMULATOR_HOST="127.0.0.1:4443")
    assert emulator.registry == "gs://b/p?endpoint_url=http://127.0.0.1:4443"
    assert emulator.origins["registry.url"] == "--registry, environment STORAGE_EMULATOR_HOST"
    both = {"AZURE_STORAGE_ACCOUNT": "ours", "AZURE_STORAGE_DOMAIN": "127.0.0.1:1"}
    assert load(work, home, "azblob://c", **both).registry == (
        "azblob://c?storage_account=ours&domain=127.0.0.1:1"
    )
    assert load(work, home, "file://~/packs").registry == f"file://{home}/packs"
    assert load(work, home, "file://~?no_tmp_dir=true").registry == f"file://{home}?no_tmp_dir=true"
