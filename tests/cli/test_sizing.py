"""The requests that docs/operating.md gives for each command, counted."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.conftest import User

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([a-z ]+)` \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
COMMANDS = {
    "publish": ("publish", "limits", "--no-lock", "--no-run"),
    "install": ("install", "limits@0.1.0", "--no-env"),
    "required": ("required", "shop/prod"),
    "versions": ("versions", "limits"),
    "list": ("list",),
    "findings ls": ("findings", "ls"),
}


def test_commands_take_as_many_requests_as_the_page_says(user: User) -> None:
    """By kind, as `-v` tells them."""
    assert {name for name, *_ in ROWS} == COMMANDS.keys()
    user.must("init")
    user.must("new", "-q", "python", "limits")
    for name, *numbers in ROWS:
        if name == "required":
            user.must("enable", "limits", "--yes")
        done = user.must(*COMMANDS[name], "-v", "--log-format", "json")
        told = [json.loads(line) for line in done.err.splitlines()]
        requests = next(each["requests"] for each in told if each.get("event") == "requests")
        counted = [str(requests.get(kind, 0)) for kind in ("create", "read", "list")]
        assert counted == numbers, name
