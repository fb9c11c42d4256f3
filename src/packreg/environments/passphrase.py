"""Keys derived from a passphrase by scrypt (RFC 7914): `<log2 n>,<r>,<p>,<salt>`, the salt in base64.

The costs are those that OWASP recommends (2023): 128 MiB of memory and about 0.4 s for each salt. All secrets
of an environment share one salt, so opening the environment costs that once.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Iterable

from packreg.errors import IntegrityError

KIND = "scrypt"
COSTS = (17, 8, 1)
#: The highest costs that are accepted: a ciphertext may come from anybody.
MOST = (18, 8, 4)
#: The lowest costs that are accepted, so that nobody weakens what is stored.
LEAST = (14, 8, 1)

_HOW = re.compile(r"([0-9]{1,2}),([0-9]),([0-9]),([A-Za-z0-9+/]{22,64}={0,2})", re.ASCII)


class PassphraseKeys:
    """The keys of one passphrase. `costs` are for new salts: (log2 of n, r, p)."""

    def __init__(self, passphrase: str, costs: tuple[int, int, int] = COSTS) -> None:
        self._passphrase = passphrase.encode("utf-8", "surrogateescape")  # as the environment gave it
        self._costs = costs
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def new(self, environment: str, beside: Iterable[str]) -> tuple[str, bytes]:
        """A key for new secrets: that of an existing secret with the same costs, else one with a new salt."""
        costs = ",".join(map(str, self._costs))
        how = next((each for each in beside if each.startswith(f"{costs},")), "")
        how = how or f"{costs},{base64.b64encode(os.urandom(16)).decode()}"
        return how, self.get(environment, how)

    def get(self, environment: str, how: str) -> bytes:
        """The key for the costs and salt in `how`, cached.

        Raises IntegrityError when `how` is malformed, or its costs are outside `LEAST` and `MOST`.
        """
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        match = _HOW.fullmatch(how)
        costs = (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
        inside = all(low <= cost <= high for low, cost, high in zip(LEAST, costs, MOST, strict=True))
        if match is None or not inside:
            raise IntegrityError(
                f"a secret of {environment} describes its key in a form that packreg never writes"
            )
        with self._lock:
            if how not in self._known:
                scrypt = Scrypt(base64.b64decode(match[4]), 32, n=1 << costs[0], r=costs[1], p=costs[2])
                self._known[how] = scrypt.derive(self._passphrase)
            return self._known[how]
