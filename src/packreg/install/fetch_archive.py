"""The program that downloads a source archive: `python -I fetch_archive.py URL TARGET MOST`.

uv and pip run code of a source archive when they download it, so this program does it instead. It uses the
operator's environment: proxies, certificates, and the credentials for the host from `.netrc` or from an
index's URL. Credentials are sent to that host only, not to one that it redirects to. The program prints
nothing, or what went wrong to stderr with exit status 1. It is run by path, so it imports nothing of packreg.
"""

from __future__ import annotations

import base64
import netrc
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: The variables in which uv and pip find the URLs of indexes.
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_INDEX_URL")
_PIECE = 2**20


def main(words: list[str], environ: Mapping[str, str]) -> int:
    """Download an archive; `words` are its URL, the target file and the most bytes. Gives the exit status."""
    url, target, most = words[0], Path(words[1]), int(words[2])
    request = urllib.request.Request(url, headers={"User-Agent": "packreg"})  # noqa: S310  `source_builds` looked at it
    credentials = credentials_for(url, environ)
    if credentials:
        word = base64.b64encode(":".join(credentials).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {word}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer, target.open("wb") as file:  # noqa: S310
            while piece := answer.read(_PIECE):
                file.write(piece)
                if file.tell() > most:
                    sys.stderr.write(f"it has more than {most} bytes\n")
                    return 1
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"{urlsplit(url).hostname} answers {error.code} {error.reason}\n")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"failed to fetch it: {error}\n")
    else:
        return 0
    return 1


def credentials_for(url: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """User and password for the host of a URL, from an index's URL or `.netrc`; None if neither has them."""
    wanted = urlsplit(url)
    if not wanted.hostname:
        return None
    for text in " ".join(environ.get(name, "") for name in _INDEXES).split():
        index = urlsplit(text[text.find("=") + 1 :] if "=" in text.partition("://")[0] else text)
        if index.username and (index.scheme, index.hostname, index.port) == (
            wanted.scheme,
            wanted.hostname,
            wanted.port,
        ):
            return unquote(index.username), unquote(index.password or "")
    try:
        known = netrc.netrc(environ.get("NETRC")).authenticators(wanted.hostname)
    except (OSError, netrc.NetrcParseError):
        return None
    return (known[0], known[2] or "") if known else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
