"""Which commands there are, and help that loads none of them."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_start import loaded_by


def test_help_and_list_load_no_click(user: User) -> None:
    """`--help` and `list` of a local registry are answered from tables and a listing alone."""
    user.publish("guard", "1.2.0")
    for words in (["--help"], ["list"], ["list", "--json"]):
        loaded = loaded_by(user, *words)
        assert not loaded & {"click", "pathlib", "packreg.registry.registry", "boto3", "rich"}
    assert loaded_by(user, "versions", "guard") >= {"click", "packreg.registry.registry"}


def test_help_is_the_same_both_ways(user: User) -> None:
    """The help that is printed without click is the help that click prints."""
    quick = user.must("--help").out
    assert user.must("-v", "--help").out == quick
