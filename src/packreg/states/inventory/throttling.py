"""How requests over urllib3 wait when an API throttles them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import urllib3

from packreg.states.inventory.answers import MOST_BYTES, ApiRefusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3.response import BaseHTTPResponse

#: Longest wait in seconds that a `Retry-After` is followed for.
_LONGEST = 60.0
#: Seconds to connect, and without a byte of an answer.
TIMEOUT = (10.0, 60.0)


class Throttled(urllib3.Retry):
    """Asks again after 429 and 503, when the API says or ever later; follows no redirect."""

    THROTTLING = frozenset({429, 503})

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """The seconds that `Retry-After` asks for, a minute at most."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, _LONGEST)

    def sleep_for_retry(self, response: BaseHTTPResponse) -> bool:
        """Wait as long as `Retry-After` asks, which may be no time at all; False if it is not there."""
        asked = self.get_retry_after(response)
        if asked is not None:
            time.sleep(asked)
        return asked is not None


def throttled() -> Throttled:
    """Eight requests at most, about a minute apart in the end. Lost connections are the caller's to retry."""
    return Throttled(
        total=None,
        connect=0,
        read=0,
        other=0,
        redirect=0,
        status=7,
        backoff_factor=0.5,
        status_forcelist=Throttled.THROTTLING,
        raise_on_redirect=False,
        raise_on_status=False,
    )


def whole(response: BaseHTTPResponse) -> tuple[int, bytes]:
    """The status and the body of an answer; of a body that is too long, what shows that."""
    try:
        return response.status, response.read(MOST_BYTES + 1)
    finally:
        response.release_conn()


def patiently(send: Callable[[], BaseHTTPResponse]) -> tuple[int, bytes]:
    """The answer of an API that is asked without retries, asked again while it throttles.

    Raises:
        ApiRefusal: the connection was lost; its status is 0.
    """
    left: urllib3.Retry = throttled()
    try:
        while True:
            response = send()
            if response.status not in Throttled.THROTTLING:
                return whole(response)
            answer = whole(response)
            try:
                left = left.increment(response=response)
            except urllib3.exceptions.MaxRetryError:
                return answer
            left.sleep(response)
    except urllib3.exceptions.HTTPError as error:
        raise lost(error) from None


def lost(error: Exception) -> ApiRefusal:
    """The refusal for a failure of urllib3."""
    inner = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason else error
    return ApiRefusal(0, f"{type(inner).__name__}: {inner}")
