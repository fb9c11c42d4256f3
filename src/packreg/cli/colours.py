"""Colours of severities, levels and verdicts on a terminal. The word is always there; no colour says more.

They are put into text that is `plain` already, around words of the list below: so a text from outside never
brings an escape of its own, and at most a word of this list is coloured in it.
"""

from __future__ import annotations

import re

BOLD, OFF = "\x1b[1m", "\x1b[0m"
RED, YELLOW, GREEN, CYAN = "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[36m"

_BAD = ("critical", "high", "mandatory", "denied", "denied by policy", "not-compliant", "not compliant")
_WRONG = ("error", "fail", "fails", "new", "removed", "differs", "expired")
_DOUBT = ("medium", "advisory", "hidden", "not-evaluated", "could not be evaluated", "unknown", "stricter")
_CARE = ("warn", "yanked", "expiring", "compliant with hidden secrets", "past-the-guard")
_GOOD = ("allowed", "compliant", "passed", "passes", "fixed", "ok", "published", "latest", "active", "laxer")
_SMALL = ("low", "remediate", "disabled", "dropped", "waived", "nothing-required", "nothing is required")
_NOTHING = ("nothing-to-judge", "nothing to analyze", "open")

_COLOURS = {
    **dict.fromkeys((*_BAD, *_WRONG), RED),
    **dict.fromkeys((*_DOUBT, *_CARE), YELLOW),
    **dict.fromkeys(_GOOD, GREEN),
    **dict.fromkeys((*_SMALL, *_NOTHING), CYAN),
}
#: The columns of tables whose cells are such words.
JUDGED = frozenset({"verdict", "level", "severity", "status", "state"})

_TAG = re.compile(r"^(\s*(?:[-+] |[a-z]+ +)?)(\[[a-z]+(?:, waived)?\])")
_SEVERITY = re.compile(r"(?<=  severity )(low|medium|high|critical)$")


def painted(text: str, word: str) -> str:
    """`text` in the colour of `word`, whose part behind a comma only counts if it is `waived`.

    Unchanged where the word has no colour.
    """
    first, _, rest = word.partition(",")
    colour = _COLOURS.get("waived" if rest.strip() == "waived" else first.strip())
    return f"{colour}{text}{OFF}" if colour and text else text


def painted_line(line: str) -> str:
    """A line of a report with its levels, its severity or its verdict in colour.

    These are a `[level]` at its beginning, a `severity` at its end, words that it begins with, with two
    spaces or a colon behind each, and what a line that begins otherwise ends with, behind two spaces.
    """
    if _TAG.match(line):
        line = _SEVERITY.sub(lambda found: painted(found[1], found[1]), line)
        return _TAG.sub(lambda found: found[1] + painted(found[2], found[2][1:-1]), line)
    words = line.split("  ")
    for index, word in enumerate(words):
        said, colon, rest = word.partition(":")
        words[index] = painted(said, said) + colon + rest
        if words[index] == word:
            if not index:
                words[-1] = painted(words[-1], words[-1].rpartition("-> ")[2])
            break
    return "  ".join(words)
