"""States with secrets that a passphrase protects, as Pulumi's passphrase provider writes them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from packreg.states.secrets import ITERATIONS
from packreg.states.values import SECRET, SIGNATURE

PASSPHRASE = "correct horse"
_SALT = b"saltsalt"


@cache
def _key() -> bytes:
    return hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), _SALT, ITERATIONS, 32)


def _sealed(text: str) -> str:
    nonce = os.urandom(12)
    sealed = AESGCM(_key()).encrypt(nonce, text.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def secret(value: Any) -> dict[str, str]:
    """A secret with this value."""
    return {SIGNATURE: SECRET, "ciphertext": _sealed(json.dumps(value))}


def with_provider(path: Path) -> Path:
    """The state or checkpoint in a file, which now names the passphrase provider."""
    whole = json.loads(path.read_text())
    deployment = whole["deployment"] if "deployment" in whole else whole["checkpoint"]["latest"]
    salt = f"v1:{base64.b64encode(_SALT).decode()}:{_sealed('pulumi')}"
    deployment["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
    path.write_text(json.dumps(whole))
    return path
