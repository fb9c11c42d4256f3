"""Find what looks like a credential in a pack's files: everybody who can install the pack could read it.

A credential is recognised by its file name (key stores, credential files) or its form (tokens with a fixed
prefix, private key blocks, assignments of secret keys). The forms are those that issuers document and that
are hardly ever anything else: a guess by entropy would refuse good packs. No message repeats the secret.

A line that holds `packreg:not-a-secret` is let through with a warning, for examples and revoked keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from packreg.pack.files import Files
from packreg.pack.paths import shown
from packreg.pack.problems import Problems

#: A comment with this on the line of a finding says that somebody looked at it and it is no secret.
NOT_A_SECRET = b"packreg:not-a-secret"
#: Findings that are reported for one file, at most.
MAX_IN_FILE = 10

_NAMES = re.compile(
    r"credentials(\.(json|ya?ml|ini|csv))?|\.git-credentials|\.?_?netrc|\.pypirc|\.pgpass|\.my\.cnf|\.htpasswd"
    r"|\.dockercfg|\.?kubeconfig|\.terraformrc|terraform\.tfstate(\.backup)?|\.vault-token|\.pulumi-credentials"
    r"|service[-_]?account([-_]?key)?\.json|application_default_credentials\.json"
    r"|.*\.(p12|pfx|kdbx?|jks|keystore|ppk|pkcs12|agekey)"
)  # fmt: skip
_PLACES = re.compile(r"(.*/)?(\.docker/config\.json|\.kube/config|\.aws/(config|credentials)|\.ssh/[^/]+)")


class _Form(NamedTuple):
    """A kind of secret. Every match contains one of `hints`, so that most files need no regex."""

    what: str
    hints: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _form(what: str, hints: str, pattern: str, flags: int = 0) -> _Form:
    return _Form(what, tuple(hint.encode() for hint in hints.split("|")), re.compile(pattern.encode(), flags))


_QUOTED = r"""["']?\s{0,4}(?:=>|[:=])\s{0,4}["']?"""
_FORMS = (
    _form("a private key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    _form("a private key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _form("an AWS access key", "AKIA|ASIA", r"\b(?:AKIA|ASIA)(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}\b"),
    _form(
        "an AWS secret key", "secret|SECRET|Secret",
        rf"aws.{{0,20}}secret.{{0,20}}?{_QUOTED}(?![A-Za-z0-9/+]{{30}}EXAMPLEKEY)[A-Za-z0-9/+]{{40}}(?![A-Za-z0-9/+])",
        re.IGNORECASE,
    ),
    _form("a GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
    _form("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{60,255}"),
    _form("a GitLab token", "glpat-|gldt-|glrt-|glptt-", r"\bgl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,}"),
    _form("a Slack token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    _form(
        "a Slack webhook", "hooks.slack.com",
        r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
    ),
    _form("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    _form("an npm token", "_authToken|_password|_auth", r":_(?:authToken|password|auth)\s*=\s*[^\s${]{8,}"),
    _form("a PyPI token", "pypi-", r"\bpypi-Ag[A-Za-z0-9_-]{50,}"),
    _form("a Pulumi access token", "pul-", r"\bpul-[0-9a-f]{40}\b"),
    _form("a Google API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _form("a Google OAuth secret", "GOCSPX-", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    _form("an Azure storage key", "AccountKey", r"AccountKey=[A-Za-z0-9/+]{86}=="),
    _form("a Vault token", "hvs.|hvb.", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}"),
    _form("a Stripe key", "_live_", r"\b[sr]k_live_[A-Za-z0-9]{24,}"),
    _form("an API key", "sk-ant-|sk-proj-", r"\bsk-(?:ant|proj)-[A-Za-z0-9_-]{32,}"),
    _form(
        "a signed token", "eyJ",
        rf"(?:token|secret|password|authorization|api[_-]?key){_QUOTED}(?:bearer )?"
        r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
        re.IGNORECASE,
    ),
)  # fmt: skip

_HINTS = [(hint, form) for form in _FORMS for hint in form.hints]


def find_credentials(files: Files, problems: Problems) -> None:
    """Report every file that is named like a credential or holds one, with its line."""
    for path, file in files.items():
        name = path.rpartition("/")[2].lower()
        if _NAMES.fullmatch(name) or _PLACES.fullmatch(path.lower()):
            hint = "name it in .gitignore; if it holds no secret, give it another name"
            problems.error(
                "credential-file", "the file is named like one that holds credentials", shown(path), hint
            )
        for count, (what, line, text) in enumerate(_findings(file.data)):
            if count == MAX_IN_FILE:
                break
            where = f"{shown(path)}:{line}"
            if NOT_A_SECRET in text:
                problems.warn("credential", f"{what} passes: the line says that it is not a secret", where)
            else:
                hint = "remove and revoke it; if it is not a secret, add the comment packreg:not-a-secret"
                problems.error("credential", f"this looks like {what}", where, hint)


def _findings(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """(what, line number, the line) of everything in `data` that looks like a secret, in order."""
    found: set[tuple[int, str]] = set()
    for pattern, what in dict.fromkeys([(form.pattern, form.what) for hint, form in _HINTS if hint in data]):
        for match in pattern.finditer(data):
            start = data.rfind(b"\n", 0, match.start()) + 1
            found.add((start, what))
            if len(found) > 10 * MAX_IN_FILE:
                break
    for start, what in sorted(found):
        end = data.find(b"\n", start)
        yield what, data.count(b"\n", 0, start) + 1, data[start : end if end >= 0 else len(data)]
