"""The answers of a cloud's API: asked again where they were lost, read page by page, refused in words.

What comes is hostile until it is checked: its size has a limit, pages that lead in a circle come to an end,
and texts are made harmless before they are shown. Throttling (429, 503, `Retry-After`) is waited out by the
client of each cloud.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from packreg.errors import PackregError, Problem, StoreRefused, StoreUnavailable
from packreg.text import one_line

#: Most bytes of one answer.
MOST_BYTES = 256 << 20
#: How often a request is made whose answer does not arrive whole.
_ATTEMPTS = 3


class ApiRefusal(Exception):
    """A request got no usable answer: its HTTP status, 0 if no whole answer came, and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    def error(self, what: str, hint: str) -> PackregError:
        """The error for a request without which nothing can be listed; `hint` is for a refusal."""
        sentence = f"{what}: {self.reason}"
        if 400 <= self.status < 500 and self.status != 429:
            return StoreRefused(sentence, hint=hint)
        return StoreUnavailable(sentence, hint="check the address, the network and the proxy, then try again")


def json_answer(exchange: Callable[[], tuple[int, bytes]]) -> dict[str, Any]:
    """The JSON object that an API answers; `exchange` asks once, and gives the status and the body.

    It raises ApiRefusal with status 0 for a connection that was lost, and may be called again.

    Raises:
        ApiRefusal: the answer is an error, or none arrived whole.
    """
    failure = ApiRefusal(0, "")
    for _ in range(_ATTEMPTS):
        try:
            status, body = exchange()
        except ApiRefusal as lost:
            failure = lost
            continue
        if not 200 <= status < 300:
            raise ApiRefusal(status, f"{status} {_words(body)}".rstrip())
        if len(body) > MOST_BYTES:
            raise ApiRefusal(0, f"the answer has more than {MOST_BYTES >> 20} MiB")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            failure = ApiRefusal(0, "the answer was cut short, or is not JSON")
            continue
        if isinstance(found, dict):
            return found
        failure = ApiRefusal(0, "the answer is not a JSON object")
    raise failure


def pages(
    ask: Callable[[str], dict[str, Any]], token_of: Callable[[dict[str, Any]], object]
) -> Iterator[dict[str, Any]]:
    """Each page of a list: `ask` for the one at a token, "" for the first; `token_of` a page is the next.

    Raises:
        ApiRefusal: from `ask`, or the pages lead back to one that was read.
    """
    token, seen = "", {""}
    while True:
        page = ask(token)
        yield page
        following = token_of(page) or ""
        if not following:
            return
        if not isinstance(following, str) or following in seen:
            raise ApiRefusal(0, "the pages of the list lead back to one that was read")
        seen.add(following)
        token = following


def members(page: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects at `name`, empty if it is not there.

    Raises:
        ApiRefusal: there is something else.
    """
    found = page.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ApiRefusal(0, f"{name!r} of the answer is not a list of objects")
    return found


def not_read(what: str, place: str, reason: str, hint: str) -> Problem:
    """The problem that something was not seen, which never means that nothing is there."""
    message = f"{one_line(what, 200)} could not be read: {one_line(reason, 400)}"
    return Problem("not-read", message, place, hint)


def _words(body: bytes) -> str:
    """What an error says: `message`, also inside `error`, as all of these APIs have it; else its text."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return one_line(body[:200].decode("utf-8", "replace"), 200)
    inner = found.get("error", found) if isinstance(found, dict) else {}
    if not isinstance(inner, dict):
        return one_line(str(inner), 200)
    words = [inner.get(name) for name in ("status", "code", "reason", "message")]
    return one_line(": ".join(word for word in words if isinstance(word, str)), 400)
