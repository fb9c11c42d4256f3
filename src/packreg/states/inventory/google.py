"""The resources of Google Cloud, listed through Cloud Asset Inventory.

The API is asked over HTTP with google-auth's credentials, as the bucket of a registry is, and not with
google-cloud-asset: that brings 24 packages, gRPC among them, for one request that is asked page by page.

Types are those of `google-native`, whose names follow Google's own: service, version of the API, name. It is
no longer released, but `gcp`, which most people use, has the names and properties of Terraform, and nothing
but its own tables leads from Google's to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from packreg.errors import Problem, UsageError
from packreg.states.inventory.answers import ApiRefusal, json_answer, members, not_read, pages
from packreg.store.trust import Trust, check_http

GOOGLE_ASSETS = "https://cloudasset.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_PAGE = "1000"
_NEEDS = (
    "the credentials need the role Cloud Asset Viewer (roles/cloudasset.viewer) there, and the Cloud Asset "
    "API has to be enabled in their own project"
)
_PARENT = re.compile(r"projects/[a-z0-9][a-z0-9.:-]*|folders/[0-9]+|organizations/[0-9]+")
_TYPE = re.compile(r"([a-z0-9-]+)\.googleapis\.com/([A-Za-z0-9]+)")
_VERSION = re.compile(r"v[0-9]+[a-z0-9]*")
#: Where google-native leaves the service's name out of the resource's.
_NAMES = {
    "cloudfunctions/CloudFunction": "Function",
    "iam/ServiceAccountKey": "Key",
    "logging/LogBucket": "Bucket",
    "logging/LogMetric": "Metric",
    "logging/LogSink": "Sink",
}


def asset_token(asset_type: str, version: str) -> str:
    """The google-native type of an asset: `google-native:compute/v1:Instance`; "" if it cannot be named."""
    match = _TYPE.fullmatch(asset_type)
    if match is None or not _VERSION.fullmatch(version):
        return ""
    service, name = match[1].replace("-", ""), match[2]
    return f"google-native:{service}/{version}:{_NAMES.get(f'{service}/{name}', name)}"


class GoogleInventory:
    """The resources of projects, folders or organizations (`projects/shop`, `folders/12`).

    `types` are asset types or globs (`compute.googleapis.com/*`); empty means all that Asset Inventory has.
    A parent that may not be read is an error if it is the only one, else a gap. `endpoint_url` is for a
    private address of the API; the operator's token is sent there. `progress` gets each parent and page.
    """

    def __init__(
        self,
        *,
        parents: Sequence[str],
        types: Sequence[str] = (),
        environ: Mapping[str, str] = MappingProxyType({}),
        endpoint_url: str = "",
        ca_bundle: str = "",
        instance_role: bool = True,
        progress: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._parents = tuple(dict.fromkeys(parents))
        self._types = tuple(dict.fromkeys(types))
        self._environ = environ
        self._base = endpoint_url.rstrip("/") or GOOGLE_ASSETS
        self._ca_bundle, self._instance_role = ca_bundle, instance_role
        self._progress = progress
        self.unread: list[Problem] = []
        self.unlistable: list[str] = []
        self.unnamed: list[str] = []

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as `google-native` would read it, ordered by parent, type and name.

        Raises:
            UsageError: no parent is named, or one that cannot be; the endpoint is http on another machine.
            StoreRefused: there are no credentials, or they are not accepted.
            StoreUnavailable: Google cannot be reached.
        """
        if not self._parents:
            raise UsageError("say what to list", hint="name a --project, a --folder or an --organization")
        for parent in self._parents:
            if not _PARENT.fullmatch(parent):
                raise UsageError(
                    f"{parent[:200]!r} is not a project, folder or organization of Google Cloud",
                    hint="projects have ids, such as shop-prod; folders and organizations have numbers",
                )
        check_http(self._base, "Cloud Asset Inventory")
        ask = self._opened()
        unnamed: set[str] = set()
        for parent in self._parents:
            found: list[dict[str, Any]] = []
            try:
                for page in pages(partial(ask, parent), _next):
                    for asset in members(page, "assets"):
                        found += self._read(asset, parent, unnamed)
                    self._progress(f"{parent}: {len(found)}")
            except ApiRefusal as refusal:
                if not found and len(self._parents) == 1:
                    raise refusal.error(f"{parent} cannot be listed", _NEEDS) from None
                what = f"the rest of {parent}" if found else parent
                self.unread.append(not_read(what, parent, refusal.reason, _NEEDS))
            yield from sorted(found, key=lambda each: (each["type"], each["name"]))
        self.unnamed = sorted(unnamed)

    def _opened(self) -> Callable[[str, str], dict[str, Any]]:
        """What asks for the page of a parent at a token."""
        from packreg.states.inventory.throttling import TIMEOUT, patiently
        from packreg.store.connections import HttpConnections
        from packreg.store.google_credentials import GoogleCredentials

        connect, read = TIMEOUT
        connections = HttpConnections(
            Trust(ca_bundle=self._ca_bundle), self._environ, connect_timeout=connect, read_timeout=read
        )
        credentials = GoogleCredentials(
            self._environ, connections, instance_role=self._instance_role, scopes=(_SCOPE,)
        )
        exact = [each for each in self._types if not re.search(r"[*?[]", each)]

        def ask(parent: str, token: str) -> dict[str, Any]:
            query = [("contentType", "RESOURCE"), ("pageSize", _PAGE)]
            if len(exact) == len(self._types):
                query += [("assetTypes", each) for each in exact]
            query += [("pageToken", token)] if token else []
            url = f"{self._base}/v1/{parent}/assets?{urlencode(query)}"

            def exchange() -> tuple[int, bytes]:
                headers = {"Authorization": f"Bearer {credentials.token()}", "User-Agent": "packreg"}
                return patiently(lambda: connections.request("GET", url, headers=headers))

            return json_answer(exchange)

        return ask

    def _read(self, asset: dict[str, Any], parent: str, unnamed: set[str]) -> Iterator[dict[str, Any]]:
        """The resource of an asset, unless its type is not wanted or Google does not give its data."""
        kind, full = str(asset.get("assetType")), str(asset.get("name"))
        if self._types and not any(fnmatchcase(kind, glob) for glob in self._types):
            return
        given = asset.get("resource")
        resource: dict[str, Any] = given if isinstance(given, dict) else {}
        data = resource.get("data")
        if not isinstance(data, dict):
            self.unread.append(not_read(f"{kind} {full}", parent, "Google gave no data of it", _NEEDS))
            return
        token = asset_token(kind, str(resource.get("version")))
        if not token:
            unnamed.add(kind)
            service = re.match(r"[A-Za-z0-9]+", kind)
            token = f"google-native:{service[0] if service else 'unknown'}:Resource"
        name = full.removeprefix("//").partition("/")[2] or full
        yield {
            "type": token,
            "name": name,
            "urn": f"urn:pulumi:{parent.replace('::', ':')}::google::{token}::{name}",
            "id": name,
            "properties": data,
        }


def _next(page: dict[str, Any]) -> object:
    return page.get("nextPageToken")
