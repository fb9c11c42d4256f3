"""`docs`: the page of a directory and of a release."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User
from tests.cli.test_documented_json import assert_has, first


@pytest.mark.usefixtures("opa")
def test_a_release_and_its_directory_have_one_page(user: User) -> None:
    """The page of a release comes from its record, without an installation, and is that of the directory."""
    user.must("new", "opa", "guard", "-q")
    page = user.must("docs", "./guard").out
    assert page.startswith("# Storage buckets\n\nPolicy pack `guard@0.1.0`: 1 policy.\n")
    assert "| [`deny_public_bucket`](#deny_public_bucket) | mandatory |" in page
    user.must("publish", "guard", "-q")
    assert user.must("docs", "guard@0.1.0").out == page
    assert not list(user.top.rglob(".packreg.json"))


@pytest.mark.usefixtures("opa")
def test_a_release_without_recorded_policies_is_asked(user: User) -> None:
    """Where the record does not say them, the pack is run; that is said, and the page is the same."""
    user.must("new", "opa", "guard", "-q")
    user.must("publish", "guard", "-q", "--no-run")
    done = user.must("docs", "guard@latest")
    assert done.out == user.must("docs", "./guard").out
    assert "was published without its policies" in done.err


@pytest.mark.usefixtures("opa")
def test_the_page_as_a_file(user: User) -> None:
    """-o writes it, whole or not at all, over what was there; nothing is on stdout then."""
    user.must("new", "opa", "guard", "-q")
    page = user.must("docs", "./guard").out
    target = user.directory / "POLICIES.md"
    target.write_text("old")
    assert user("docs", "./nowhere", "-o", target).code == 2
    assert target.read_text("utf-8") == "old"
    done = user.must("docs", "./guard", "-o", target)
    assert (done.out, target.read_text("utf-8")) == ("", page)
    assert user("docs", "./guard", "-o", user.directory).code == 2


@pytest.mark.usefixtures("opa")
def test_the_documented_document(user: User) -> None:
    """JSON has the members that docs/commands.md names."""
    user.must("new", "opa", "guard", "-q")
    document = user.must("docs", "./guard", "--json", "-o", "p.md").json()
    assert_has(document, first("docs"), "docs")
    assert document["path"] == str(user.directory / "p.md")
    assert document["page"] == (user.directory / "p.md").read_text("utf-8")
