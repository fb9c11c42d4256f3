"""Which server may be asked over http."""

from __future__ import annotations

import pytest

from packreg.errors import UsageError
from packreg.store.trust import check_http


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://store.example", True),
        ("http://localhost:9000", True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://store.example", False),
        ("HTTP://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_http_is_for_this_machine(url: str, allowed: bool) -> None:
    """Over http only this machine is asked; the refusal names what was asked for."""
    if allowed:
        check_http(url, "the bucket")
        return
    with pytest.raises(UsageError, match="the bucket would be asked"):
        check_http(url, "the bucket")
