"""Which Azure storage account is meant, where it answers, and the secret for it.

The words are those of the Pulumi CLI's backends: `storage_account`, `domain`, `protocol` and `localemu` in a
location, and the variables `AZURE_STORAGE_…`. Nothing here does I/O or imports a library of Azure.

A location may come from a project that somebody else wrote, the secrets are the user's. So a secret is used
only for the account that the variables name beside it, and nothing is sent or signed with one for a domain
that is neither Azure's, nor this machine, nor named by a variable: unlike a signature of AWS, one of Azure
does not say for which server it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import StoreRefused, UsageError
from packreg.store.azure_connection import CONNECTION, connection_string
from packreg.store.trust import check_http, is_open_http
from packreg.store.url import AZURE_DOMAIN
from packreg.store.variables import from_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.location import AzureLocation

ACCOUNT, DOMAIN, KEY, SAS = (f"AZURE_STORAGE_{word}" for word in ("ACCOUNT", "DOMAIN", "KEY", "SAS_TOKEN"))
#: The domains of Azure's clouds, and that of accounts with a DNS zone.
_AZURE = (
    AZURE_DOMAIN,
    "blob.core.usgovcloudapi.net",
    "blob.core.chinacloudapi.cn",
    "blob.storage.azure.net",
)
_SHAPES = {
    "storage_account": re.compile(r"[a-z0-9]{3,24}"),
    "domain": re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?"),
    "protocol": re.compile("https?"),
    "localemu": re.compile(".*"),
}


class AzureAccount(NamedTuple):
    """A storage account: its `name` and the `url` where it answers.

    `key` is the account's key and `sas` a shared access signature; without either, a token is asked for.
    """

    name: str
    url: str
    key: str = ""
    sas: str = ""


def azure_account(
    location: AzureLocation,
    environ: Mapping[str, str],
    *,
    only_location: bool = False,
    allow_http: bool = False,
) -> AzureAccount:
    """The account of a location, with what it leaves open from the variables.

    With `only_location` the variables say secrets and nothing else. `allow_http` allows plain http to another
    machine where the account's key signs requests, but not where a secret would be sent.

    Raises:
        UsageError: no account is named, a variable cannot be read, or plain http is not allowed.
        StoreRefused: the domain is not one that credentials are for.
    """
    where = location.shown
    said = {} if only_location else from_variables(location.url, environ)

    def asked(option: str, given: str) -> str:
        value, variable = (given, "") if given else said.get(option, ("", ""))
        if value and not _SHAPES[option].fullmatch(value):
            raise UsageError(f"{value[:100]!r} in {variable or where} cannot be the {option} of Azure")
        return value

    name = asked("storage_account", location.storage_account)
    if not name:
        raise UsageError(
            f"{where} does not say in which storage account it is",
            hint=f"add storage_account=… to the location, or set {ACCOUNT}",
        )
    domain = (asked("domain", location.domain) or AZURE_DOMAIN).lower()
    protocol = asked("protocol", location.protocol) or "https"
    emulator = asked("localemu", "true" if location.localemu else "").lower() in ("1", "t", "true")
    in_path = emulator or domain.startswith(("127.0.0.1", "localhost"))
    url = f"{protocol}://{domain}/{name}" if in_path else f"{protocol}://{name}.{domain}"
    string = connection_string(environ.get(CONNECTION, ""))
    account = AzureAccount(name, url, *_secret(name, environ, string))
    named = {environ.get(DOMAIN, "").lower(), string.get("domain", "")}
    _check_server(account, domain, named, where, allow_http=allow_http)
    return account


def _secret(name: str, environ: Mapping[str, str], string: Mapping[str, str]) -> tuple[str, str]:
    """The key and the shared access signature that the variables have for an account; each may be ""."""
    key, sas = "", ""
    if (environ.get(ACCOUNT) or name) == name:
        key, sas = environ.get(KEY, ""), environ.get(SAS, "")
    if not (key or sas) and string.get("storage_account") == name:
        key, sas = string["key"], string["sas"]
    return key, "" if key else sas


def _check_server(
    account: AzureAccount, domain: str, named: set[str], where: str, *, allow_http: bool
) -> None:
    host = domain.partition(":")[0]
    loopback = not is_open_http(f"http://{domain}")
    if not (loopback or domain in named or any(f".{host}".endswith(f".{each}") for each in _AZURE)):
        raise StoreRefused(
            f"{where} would be asked at {host}, which is not a domain of Azure: what credentials sign or "
            "send there could be used elsewhere",
            hint=f"if it is yours, set {DOMAIN}={domain}",
        )
    if is_open_http(account.url) and not account.key:
        raise UsageError(
            f"{where} would be asked at {account.url}, over http: a shared access signature or a token "
            "would be sent in the clear",
            hint="use https",
        )
    if not allow_http:
        check_http(account.url, where)
