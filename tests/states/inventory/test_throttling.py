"""How long a throttled request waits."""

from __future__ import annotations

import pytest
import urllib3

from packreg.states.inventory.throttling import lost, throttled, whole
from tests.states.inventory.api import Reply, serving


def test_no_server_makes_a_command_wait_for_hours() -> None:
    """`Retry-After` is followed for a minute at most."""
    asked = urllib3.HTTPResponse(headers={"Retry-After": "86400"})
    assert throttled().get_retry_after(asked) == 60
    assert throttled().get_retry_after(urllib3.HTTPResponse(headers={"Retry-After": "3"})) == 3
    assert throttled().get_retry_after(urllib3.HTTPResponse()) is None


def test_what_throttles_to_the_end_is_answered_with_its_last_word() -> None:
    """Eight requests, then the 429 itself, for its words."""
    with serving() as api, urllib3.PoolManager(retries=throttled()) as http:
        api.answer = lambda request: Reply({"message": "later"}, 429, {"Retry-After": "0"})
        status, body = whole(http.request("GET", api.url, preload_content=False))
        assert (status, body) == (429, b'{"message": "later"}') and len(api.asked) == 8


def test_a_lost_connection_is_said_by_its_cause() -> None:
    """Who refuses connections is not reached seven times more; the words are those of the cause."""
    with (
        urllib3.PoolManager(retries=throttled()) as http,
        pytest.raises(urllib3.exceptions.HTTPError) as failed,
    ):
        http.request("GET", "http://127.0.0.1:9/", preload_content=False)
    refusal = lost(failed.value)
    assert refusal.status == 0 and refusal.reason.startswith("NewConnectionError")
