"""The resources of Azure subscriptions, listed through Resource Graph.

azure-identity gives the token, and one request is asked page by page over HTTP: Azure's own client for it,
azure-mgmt-resourcegraph, still rests on msrest, which is no longer kept.

Resource Graph leaves out, without a word, what the credentials may not read. So each subscription is asked
first whether they may read all of it; if not, or if it does not say, that is a gap.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from types import MappingProxyType
from typing import Any

from packreg.errors import PackregError, Problem, StoreRefused, StoreUnavailable, UsageError
from packreg.states.inventory.answers import ApiRefusal, json_answer, members, not_read, pages
from packreg.states.inventory.azure_names import ANY_RESOURCE, azure_type, flattened
from packreg.store.trust import Trust, check_http

AZURE_MANAGEMENT = "https://management.azure.com"
_GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
_PERMISSIONS = "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
#: Resources, and what other tables have that Pulumi manages. The order keeps the pages apart.
_QUERIES = (
    "resources | order by id asc",
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups' | order by id asc",
    "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' | order by id asc",
)
_PAGE = 1000
_NEEDS = "the credentials need the role Reader on the whole subscription"
_SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
#: Columns of Resource Graph that are no members of a resource.
_COLUMNS = frozenset({"tenantId", "subscriptionId", "resourceGroup"})


class AzureInventory:
    """The resources of subscriptions, by their ids.

    `types` are Azure's types or globs (`Microsoft.Storage/*`), in any capitals; empty means all. Types that
    azure-native has no name for are listed as `azure-native:resources:Resource`, and are in `unnamed`.
    `endpoint_url` is that of another cloud's Resource Manager; a token for it is sent there. `progress` gets
    each subscription and how far it is.
    """

    def __init__(
        self,
        *,
        subscriptions: Sequence[str],
        types: Sequence[str] = (),
        environ: Mapping[str, str] = MappingProxyType({}),
        endpoint_url: str = "",
        ca_bundle: str = "",
        instance_role: bool = True,
        progress: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._subscriptions = tuple(dict.fromkeys(subscriptions))
        self._types = tuple(dict.fromkeys(each.lower() for each in types))
        self._environ = environ
        self._base = endpoint_url.rstrip("/") or AZURE_MANAGEMENT
        self._ca_bundle, self._instance_role = ca_bundle, instance_role
        self._progress = progress
        self.unread: list[Problem] = []
        self.unlistable: list[str] = []
        self.unnamed: list[str] = []

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as `azure-native` would read it, ordered by subscription, type and id.

        Raises:
            UsageError: azure-identity is not installed; no subscription is named, or one that cannot be.
            StoreRefused: there are no credentials, or they are not accepted.
            StoreUnavailable: Azure cannot be reached.
        """
        if not self._subscriptions:
            hint = "name one with --subscription, or set AZURE_SUBSCRIPTION_ID; `az account list` shows them"
            raise UsageError("no Azure subscription is named", hint=hint)
        for subscription in self._subscriptions:
            if not _SUBSCRIPTION.fullmatch(subscription):
                hint = "`az account list` shows the ids"
                raise UsageError(f"{subscription[:200]!r} is not the id of a subscription", hint=hint)
        check_http(self._base, "Resource Graph")
        ask = self._opened()
        unnamed: set[str] = set()
        for subscription in self._subscriptions:
            found: list[dict[str, Any]] = []
            try:
                self._check(ask, subscription)
                for query in _QUERIES:
                    for page in pages(partial(self._page, ask, subscription, query), _next):
                        found += self._read(members(page, "data"), subscription, unnamed)
                        self._progress(f"{subscription}: {len(found)}")
            except ApiRefusal as refusal:
                if not found and len(self._subscriptions) == 1:
                    raise refusal.error(f"subscription {subscription} cannot be listed", _NEEDS) from None
                what = f"{'the rest of ' if found else ''}subscription {subscription}"
                self.unread.append(not_read(what, subscription, refusal.reason, _NEEDS))
            yield from sorted(found, key=lambda each: (each["type"], each["id"]))
        self.unnamed = sorted(unnamed)

    def _opened(self) -> Callable[[str, str, object], dict[str, Any]]:
        """What sends a request with a method, a path and a body, None for none."""
        from packreg.states.inventory.throttling import TIMEOUT, patiently
        from packreg.store.connections import HttpConnections

        try:
            from azure.core.exceptions import AzureError
            from azure.identity import DefaultAzureCredential
        except ImportError:
            raise UsageError(
                "listing Azure needs azure-identity", hint="pip install 'azure-identity>=1.19'"
            ) from None
        # Without a handler, Python would print the library's warnings.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        connect, read = TIMEOUT
        connections = HttpConnections(
            Trust(ca_bundle=self._ca_bundle), self._environ, connect_timeout=connect, read_timeout=read
        )
        credential = DefaultAzureCredential(exclude_managed_identity_credential=not self._instance_role)

        def ask(method: str, path: str, content: object) -> dict[str, Any]:
            body = None if content is None else json.dumps(content).encode()

            def exchange() -> tuple[int, bytes]:
                try:
                    token = credential.get_token(f"{self._base}/.default").token
                except AzureError as failed:
                    raise _no_token(failed) from None
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "User-Agent": "packreg",
                }
                url = f"{self._base}{path}"
                return patiently(lambda: connections.request(method, url, body=body, headers=headers))

            return json_answer(exchange)

        return ask

    def _check(self, ask: Callable[[str, str, object], dict[str, Any]], subscription: str) -> None:
        """Note a gap, unless the credentials may read everything in a subscription.

        Raises:
            ApiRefusal: the subscription is not theirs, or Azure cannot be asked.
        """
        what = f"all of subscription {subscription}"
        try:
            answer = ask("GET", f"/subscriptions/{subscription}{_PERMISSIONS}", None)
        except ApiRefusal as refusal:
            if refusal.status in (0, 401, 404):
                raise
            self.unread.append(not_read(what, subscription, refusal.reason, _NEEDS))
            return
        if not any(_reads_all(permission) for permission in members(answer, "value")):
            reason = "the credentials may read parts of it at most"
            self.unread.append(not_read(what, subscription, reason, _NEEDS))

    def _page(
        self, ask: Callable[[str, str, object], dict[str, Any]], subscription: str, query: str, token: str
    ) -> dict[str, Any]:
        options = {"resultFormat": "objectArray", "$top": _PAGE, **({"$skipToken": token} if token else {})}
        page = ask("POST", _GRAPH, {"subscriptions": [subscription], "query": query, "options": options})
        if str(page.get("resultTruncated")).lower() == "true" and not page.get("$skipToken"):
            raise ApiRefusal(0, "Resource Graph cut the list off")
        return page

    def _read(
        self, rows: list[dict[str, Any]], subscription: str, unnamed: set[str]
    ) -> Iterator[dict[str, Any]]:
        """The resources of rows whose types are wanted."""
        for row in rows:
            kind, identity = row.get("type"), row.get("id")
            if not (isinstance(kind, str) and kind and isinstance(identity, str) and identity):
                self.unread.append(not_read("a resource", subscription, "it has no type or no id", _NEEDS))
                continue
            if self._types and not any(fnmatchcase(kind.lower(), glob) for glob in self._types):
                continue
            known = azure_type(kind)
            if known.token == ANY_RESOURCE:
                unnamed.add(kind)
            shape = {
                name: value for name, value in row.items() if name not in _COLUMNS and value not in (None, "")
            }
            if group := _GROUP.search(identity):
                shape["resourceGroupName"] = group[1]
            yield {
                "type": known.token,
                "name": identity,
                "urn": f"urn:pulumi:{subscription}::azure::{known.token}::{identity}",
                "id": identity,
                "properties": flattened(shape) if known.flat else shape,
            }


def _next(page: dict[str, Any]) -> object:
    return page.get("$skipToken")


def _reads_all(permission: dict[str, Any]) -> bool:
    """Whether a role lets read everything: `Reader`, `Contributor`, `Owner` and those with as much."""
    actions, hidden = permission.get("actions"), permission.get("notActions") or []
    if not isinstance(actions, list) or not isinstance(hidden, list):
        return False
    reads = any(each in ("*", "*/read") for each in actions)
    return reads and not any(str(each).lower().endswith(("/read", "*")) for each in hidden)


def _no_token(failed: Exception) -> PackregError:
    """The error for credentials that give no token; all that azure-identity says of it fills a screen."""
    from azure.core.exceptions import ClientAuthenticationError

    if isinstance(failed, ClientAuthenticationError):
        return StoreRefused(
            "no credentials for Azure were found, or they were refused",
            hint="log in: `az login`, a workload identity, the variables AZURE_CLIENT_ID and others, or with "
            "instance_role = true the machine's identity",
        )
    return StoreUnavailable(f"no token for Azure: {str(failed).partition(chr(10))[0][:300]}")
