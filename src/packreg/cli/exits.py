"""What each exit code means, as `--help` and the documentation list them."""

from __future__ import annotations

#: Exit codes that are no errors: for Ctrl-C, and for a closed output pipe; 128 + the signal, as in shells.
INTERRUPTED, READER_GONE = 130, 141

#: The exit code of `group apply --dry-run` if something would change.
WOULD_CHANGE = 14

#: Exit code -> its meaning. Part of the interface: never reused.
EXIT_CODES = {
    0: "done, or allowed",
    1: "unexpected: a defect of packreg, or a refusal by the operating system",
    2: "usage: a mistake on the command line or in the configuration",
    3: "denied by policy",
    4: "a required pack could not be evaluated",
    5: "the version is already used, for other content",
    6: "not found",
    7: "the pack breaks the rules",
    8: "integrity: bytes are not what a record or a lock says",
    9: "the store is unavailable, refused or unsafe",
    10: "the installation failed",
    11: "the outcome is unknown; running the same command again is safe",
    12: "somebody else changed the same thing in the meantime",
    13: "a pack's test case differs",
    WOULD_CHANGE: "`group apply --dry-run`: not everything is as the files say",
    INTERRUPTED: "interrupted",
    READER_GONE: "the reader of the output went away",
}
