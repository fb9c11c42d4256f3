"""The options that name a stack or an account."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User
from tests.cli.test_explaining import founded as founded
from tests.cli.test_explaining import office as office

pytestmark = pytest.mark.usefixtures("opa")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["shop"],
        ["a/b/c/d"],
        ["shop/prod", "--account", "x"],
        ["../prod"],
        ["shop/prod", "--tag", "x"],
        ["shop/prod", "--tag", "x=1", "--tag", "x=2"],
        ["--account", ""],
        ["acme/shop/prod", "--backend", "file://."],
        ["shop/prod", "--all"],
        ["--all"],
    ],
)
def test_what_is_no_entity_is_refused(office: User, words: list[str]) -> None:
    """With exit code 2, before anything is decided."""
    assert office("required", *words).code == 2
