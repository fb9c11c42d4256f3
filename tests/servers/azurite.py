"""Azurite, Microsoft's emulator of Azure Blob Storage, in a process of its own on loopback."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.npm_programs import install_npm_programs
from tests.store.ministack import free_port, stop, wait_for_port

_MODULE = Path(__file__).parent / "azure_tools"
ACCOUNT = "devstoreaccount1"
#: Of the emulator, and the same everywhere.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_WORDS = ("ACCOUNT", "KEY", "SAS_TOKEN", "CONNECTION_STRING", "DOMAIN", "PROTOCOL", "IS_LOCAL_EMULATOR")
VARIABLES = tuple(f"AZURE_STORAGE_{word}" for word in _WORDS)


def missing_azurite() -> str:
    """Why Azurite cannot run here, or an empty string when it can."""
    return "" if shutil.which("npm") else "Azurite is installed with npm, which is not there"


@contextlib.contextmanager
def azurite(place: Path) -> Iterator[str]:
    """Run the emulator, which keeps everything in memory; gives host:port. `place` is for its output."""
    program = install_npm_programs(_MODULE) / "azurite-blob"
    port = free_port()
    place.mkdir(parents=True)
    # The library asks for a newer version of the API than the emulator has heard of.
    words = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    with (place / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), *words],
            cwd=place,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_port(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            stop(process)


def container(domain: str, name: str) -> Any:
    """The library's own client for a container of the emulator: it sets up what the tests' subject meets."""
    from azure.storage.blob import ContainerClient

    credential = {"account_name": ACCOUNT, "account_key": KEY}
    return ContainerClient(f"http://{domain}/{ACCOUNT}", name, credential=credential)


def signature(name: str, rights: str) -> str:
    """A shared access signature for a container of the emulator; `rights` are letters of Azure."""
    from datetime import UTC, datetime, timedelta

    from azure.storage.blob import generate_container_sas

    end = datetime.now(UTC) + timedelta(hours=1)
    return generate_container_sas(ACCOUNT, name, account_key=KEY, permission=rights, expiry=end)
