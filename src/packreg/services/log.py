"""Messages as lines of JSON, for machines that read a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from packreg.errors import UsageError
from packreg.text import harmless_json, without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_FORMATS = ("text", "json")
#: The variable that sets the format of messages; the command line has `--log-format`, too.
VARIABLE = "PACKREG_LOG_FORMAT"

Level = Literal["debug", "info", "warning", "error"]


def log_line(time: str, level: Level, message: str, **fields: object) -> str:
    """One message as one line of ASCII JSON. `time` is RFC 3339 in UTC; empty fields are left out."""
    said = {name: value for name, value in fields.items() if value not in ("", None, [], ())}
    members = {"time": time, "level": level, "message": message, **said}
    return harmless_json(json.dumps(credentials_hidden(members), default=str))


def credentials_hidden(value: object) -> object:
    """The value, of JSON's kinds, without credentials in the URLs of its texts."""
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, dict):
        return {name: credentials_hidden(each) for name, each in value.items()}
    return [credentials_hidden(each) for each in value] if isinstance(value, list | tuple) else value


def wants_json_log(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for messages as JSON.

    Raises:
        UsageError: it names a format that does not exist.
    """
    named = environ.get(VARIABLE) or "text"
    if named not in LOG_FORMATS:
        raise UsageError(f"{VARIABLE} is {named[:50]!r}", hint=f"it is one of {', '.join(LOG_FORMATS)}")
    return named == "json"
