"""Read a connection string of an Azure storage account, as the portal shows it.

Which account it is and where that answers is also needed to name the registry, so nothing heavy is imported.
"""

from __future__ import annotations

import re

from packreg.errors import UsageError

CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
#: What `UseDevelopmentStorage=true` means. The emulator's key is the same everywhere.
_EMULATOR = {
    "storage_account": "devstoreaccount1",
    "protocol": "http",
    "domain": "127.0.0.1:10000",
    "localemu": "true",
    "key": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "sas": "",
}


def connection_string(text: str) -> dict[str, str]:
    """What a connection string says, as the options of a location and `key` and `sas`; {} for "".

    Raises:
        UsageError: it is not one; the message does not repeat the text, which holds secrets.
    """
    if not text.strip():
        return {}
    parts = [part.partition("=") for part in text.strip().strip(";").split(";")]
    found = {word.strip().upper(): value.strip() for word, _, value in parts}
    if any(not separator for _, separator, _ in parts):
        raise UsageError(f"{CONNECTION} is not a connection string: it has a part without '='")
    if found.get("USEDEVELOPMENTSTORAGE", "").lower() == "true":
        return dict(_EMULATOR)
    said = {
        "storage_account": found.get("ACCOUNTNAME", ""),
        "protocol": found.get("DEFAULTENDPOINTSPROTOCOL", "").lower(),
        "domain": f"blob.{found['ENDPOINTSUFFIX'].lower()}" if found.get("ENDPOINTSUFFIX") else "",
        "key": found.get("ACCOUNTKEY", ""),
        "sas": found.get("SHAREDACCESSSIGNATURE", ""),
    }
    return said | _endpoint(found.get("BLOBENDPOINT", ""), said["storage_account"])


def _endpoint(url: str, name: str) -> dict[str, str]:
    """What the address of an account says: `https://NAME.domain` or `http://host:port/NAME`."""
    if not url:
        return {}
    match = re.fullmatch(r"(https?)://([^/?#]+)(?:/([a-z0-9]+))?/?", url)
    if match is None:
        raise UsageError(f"the BlobEndpoint in {CONNECTION} is not the address of an account")
    protocol, host, path = match.groups()
    if path:
        return {
            "storage_account": name or path,
            "protocol": protocol,
            "domain": host.lower(),
            "localemu": "true",
        }
    first, _, domain = host.lower().partition(".")
    if name and first.removesuffix("-secondary") != name:
        raise UsageError(
            f"the BlobEndpoint in {CONNECTION} does not begin with the name of the account",
            hint="name the account and its domain in the location: storage_account=…&domain=…",
        )
    return {"storage_account": first, "protocol": protocol, "domain": domain}
