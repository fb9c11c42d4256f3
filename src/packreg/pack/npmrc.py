"""The npm scopes for which a pack's .npmrc names a registry; nothing else in that file is read.

The file is never part of a pack, and its tokens are never read: only lines whose key is `@scope:registry` or
`registry` are taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from packreg.pack.text import BOM

FILE_NAME = ".npmrc"
MAX_BYTES = 64 * 1024
_LINE = re.compile(r"""\s*["']?(?:(@[a-z0-9~-][a-z0-9._~-]*):)?registry["']?\s*=\s*(\S+)\s*""", re.IGNORECASE)
PUBLIC = frozenset(("registry.npmjs.org", "registry.npmjs.com", "registry.yarnpkg.com"))


def scoped_registries(data: bytes) -> dict[str, str]:
    """The host of the registry of each scope (`@acme`); under "" that of all other packages.

    A host that is an environment variable is given as "a variable". Credentials in an address are left out.
    """
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").removeprefix(BOM).splitlines():
        match = _LINE.fullmatch(line)
        if match:
            found[(match[1] or "").lower()] = _host(match[2].strip("\"'"))
    return found


def private_scopes(registries: Mapping[str, str], packages: frozenset[str]) -> dict[str, str]:
    """The entries of `registries` for the scopes of these packages whose registry is not npm's public one."""
    used = {name.split("/")[0].lower() for name in packages if name.startswith("@")}
    return {scope: host for scope, host in registries.items() if scope in used and host.lower() not in PUBLIC}


def _host(address: str) -> str:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    return "a variable" if "$" in address or not host else host
