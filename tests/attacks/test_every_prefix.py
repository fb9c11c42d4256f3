"""Objects that somebody changes or adds anywhere in the registry: `verify` walks all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packreg.registry import layout, verification
from packreg.registry.artifacts import Artifact, Artifacts
from packreg.registry.holders import Holders
from packreg.services import verify
from packreg.store.open import open_store
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.cli.conftest import User, user
from tests.cli.kept import govern, keep
from tests.reports.kept import stored

__all__ = ["user"]

REVISION = re.compile(r"(.+/)[0-9]{12}\.json", re.ASCII)


@pytest.fixture
def whole(user: User) -> Store:
    """A registry with something below each of its prefixes; `verify` finds nothing wrong."""
    place = keep(user, stored(), stored(run="update"))
    govern(user)
    user.publish("guard", "1.0.0")
    Path(user.top, "prod.yaml").write_text("values: {a: 1}\n")
    user.must("env", "set", "prod", str(user.top / "prod.yaml"))
    user.must("env", "tag", "prod@1", "good")
    user.must("transferred", "--yes", "--reason", "copied")
    store = open_store(parse_location(str(place), cwd=user.top))
    wheel = b"a wheel that a release once needed"
    Artifacts(store).keep({Artifact.of("dep-1.0-py3-none-any.whl", wheel): lambda: wheel})
    Holders(store).add("organization/shop/dev", "0" * 32, "s3://states")
    assert all(store.first(prefix) for prefix in layout.PREFIXES)
    assert {each["code"] for each in wrong(user)} <= {"wrong-time"}, "the reports are of some day in May"
    return store


def wrong(user: User, *levels: str) -> list[dict[str, str]]:
    """What `verify` finds that is not as it should be."""
    found = user("verify", "--json").json()["findings"]
    return [each for each in found if each["level"] in (levels or ("error",))]


def test_the_two_halves_of_verify_walk_every_prefix() -> None:
    """What packreg writes below is in the layout, and each of its prefixes is somebody's to prove."""
    assert set(layout.PREFIXES) == verification.WALKED | verify.WALKED
    tops = {value for name, value in vars(layout).items() if name.isupper() and str(value).endswith("/")}
    assert tops == set(layout.PREFIXES)


def test_what_packreg_does_not_write_is_named_wherever_it_is(user: User, whole: Store) -> None:
    """A stray object below each prefix, and one beside them all, is a finding with its place."""
    for prefix in (*layout.PREFIXES, "elsewhere/"):
        whole.create(f"{prefix}-stray/x", b"x")
        named = [each["subject"] for each in wrong(user, "error", "note") if each["code"] == "unknown-key"]
        assert any(f"{prefix}-stray/x".startswith(each) for each in named), prefix
        whole.delete(f"{prefix}-stray/x")


def test_every_chain_is_proved(user: User, whole: Store) -> None:
    """The newest revision of each chain that is there, overwritten, is an error that names the chain."""
    newest: dict[str, str] = {}
    for entry in whole.list_all(""):
        if match := REVISION.fullmatch(entry.key):
            newest.setdefault(match[1], entry.key)
    assert {f"{prefix.partition('/')[0]}/" for prefix in newest} == {
        *(layout.GOVERNANCE, layout.ENVIRONMENTS, layout.TRANSFERS, layout.RUNS)
    }
    for prefix, key in newest.items():
        before = whole.get(key)
        whole.delete(key)
        whole.create(key, b"garbage")
        if prefix != layout.TRANSFERS:  # no time can be compared without it
            assert [each for each in wrong(user) if each["subject"].startswith(prefix[:-1])], prefix
        done = user("verify")
        assert done.code == 8 and key in done.out + done.err, prefix
        whole.delete(key)
        whole.create(key, before)


def test_an_object_about_another_stack_is_named(user: User, whole: Store) -> None:
    """Whoever writes below a stack's name says it of that stack."""
    key = layout.stack_key("organization/shop/dev", "1" * 32)
    whole.create(key, b'{"format": 1, "stack": "organization/shop/prod", "backend": "s3://b"}')
    assert [each["subject"] for each in wrong(user) if each["code"] == "bad-stack"] == [key]
