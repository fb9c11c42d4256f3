"""What an audit prints."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User
from tests.cli.test_auditing import founded as founded
from tests.cli.test_auditing import office as office
from tests.cli.test_documented_json import assert_has, first

pytestmark = pytest.mark.usefixtures("opa")


def test_the_document_has_the_shape_that_is_documented(office: User) -> None:
    """Every member that the page names is there, and no other."""
    assert_has(office.must("audit", "--all", "--json").json(), first("audit"), "audit")
