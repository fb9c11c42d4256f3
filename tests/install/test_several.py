"""Several releases at the same time."""

from __future__ import annotations

from packreg.errors import IntegrityError, NotFound
from packreg.install.installer import Installed, Installer
from packreg.install.several import NotInstalled
from packreg.pack.reference import Reference
from tests.install.shop import (
    Shop,
    python_pack,
)


def test_no_failure_hides_how_others_ended(shop: Shop, installer: Installer) -> None:
    """Each release is there or has its own error, in order; a wrong digest is one, too."""
    records = [shop.publish(python_pack(version)) for version in ("1.0.0", "1.1.0", "1.2.0")]
    references = [Reference.parse(f"guard@{version}") for version in ("9.0.0", "1.0.0", "1.1.0", "1.2.0")]
    digests = {references[2]: "sha256:" + "0" * 64, references[3]: records[2].digest}
    ends = []
    absent, first, wrong, last = installer.install_all(
        references, digests=digests, done=lambda: ends.append(1)
    )
    assert isinstance(absent, NotInstalled) and isinstance(absent.error, NotFound)
    assert isinstance(first, Installed) and first.changed
    assert isinstance(wrong, NotInstalled) and isinstance(wrong.error, IntegrityError)
    assert wrong.reference == references[2]
    assert isinstance(last, Installed) and last.digest == records[2].digest
    assert len(ends) == 4
