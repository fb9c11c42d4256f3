"""Check bundles against their record. Pure, so it works offline and for caches, too."""

from __future__ import annotations

import hashlib

from packreg.errors import IntegrityError, InvalidPack
from packreg.pack.bundle import decode
from packreg.pack.files import DEFAULT_LIMITS, MANIFEST, File, Limits
from packreg.registry.record import Record

HINT = "nothing of it was used; `packreg verify` reports what else is wrong in the registry"


def prove_bundle(record: Record, data: bytes) -> bytes:
    """Return `data` if its size and sha256 are those in the record.

    Raises:
        IntegrityError: they are not.
    """
    if len(data) != record.bundle_size:
        raise IntegrityError(
            f"the bundle of {record.reference} has {len(data)} bytes, its record says {record.bundle_size}",
            hint=HINT,
        )
    found = hashlib.sha256(data).hexdigest()
    if found != record.bundle_sha256:
        raise IntegrityError(
            f"the bundle of {record.reference} has the sha256 {found}, not {record.bundle_sha256}",
            hint=HINT,
        )
    return data


def prove_files(record: Record, data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, File]:
    """The files of a bundle, if its bytes, identity, format, size and manifest match the record.

    Raises:
        IntegrityError: one of them does not. The bytes are decompressed only after their sha256 was checked.
    """
    prove_bundle(record, data)
    try:
        files = decode(data, limits, digest=record.digest)
    except InvalidPack as error:
        raise IntegrityError(
            f"the bundle of {record.reference} cannot be read: {error}", hint=HINT
        ) from error
    found = {
        "files": (len(files), record.members),
        "unpacked bytes": (sum(len(file.data) for file in files.values()), record.unpacked),
        "sha256 of the manifest": (hashlib.sha256(files[MANIFEST].data).hexdigest(), record.manifest_sha256),
    }
    for what, (is_, said) in found.items():
        if is_ != said:
            raise IntegrityError(f"{what} of {record.reference}: {is_}, not {said}", hint=HINT)
    return files
