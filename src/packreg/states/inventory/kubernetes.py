"""The objects of a Kubernetes cluster, of every kind that its own discovery names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from packreg.errors import Problem, StoreRefused, UsageError
from packreg.states.inventory.answers import ApiRefusal, json_answer, members, not_read, pages

_PAGE = "250"
_NEEDS = "the credentials need the verb list for this kind: a ClusterRole with apiGroups and resources '*'"
#: Of Secrets only the metadata are asked for, so that their data never leave the cluster.
_METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
#: kubectl writes here what it applied, and so the data of Secrets.
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Listable(NamedTuple):
    """A kind in one version of its group; `group` is empty for the core. `name` is its plural."""

    group: str
    version: str
    name: str
    kind: str

    @property
    def api_version(self) -> str:
        """As objects have it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def token(self) -> str:
        """The type in Pulumi's `kubernetes` provider, also for custom resources."""
        return f"kubernetes:{self.group or 'core'}/{self.version}:{self.kind}"

    @property
    def path(self) -> str:
        """Where all objects of the kind are listed, of every namespace."""
        return f"{'/apis' if self.group else '/api'}/{self.api_version}/{self.name}"

    @property
    def shown(self) -> str:
        """As kubectl names it: `deployments.apps`."""
        return f"{self.name}.{self.group}" if self.group else self.name


class KubernetesInventory:
    """The objects of a cluster, namespaced and not, in the version that each group prefers.

    `context` is one of the kubeconfig, by default its current one; without a kubeconfig a pod's own service
    account is used. `types` are names as kubectl has them (`pods`, `deployments.apps`) or globs; empty means
    every kind. Kinds without the verb `list` are added to `unlistable`. An object that two groups show is
    listed once. `progress` gets the name of each kind before it is listed.
    """

    def __init__(
        self,
        *,
        context: str | None = None,
        kubeconfig: str | None = None,
        types: Sequence[str] = (),
        progress: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._context, self._kubeconfig = context, kubeconfig
        self._types = tuple(dict.fromkeys(types))
        self._progress = progress
        self.unread: list[Problem] = []
        self.unlistable: list[str] = []
        self.unnamed: list[str] = []

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each object as the `kubernetes` provider would read it, ordered by type, namespace and name.

        Raises:
            UsageError: the client is not installed; there is no cluster, no such context or type.
            StoreRefused: the cluster does not accept the credentials.
            StoreUnavailable: it cannot be reached.
        """
        cluster = self._cluster()
        seen: set[str] = set()
        for kind in self._wanted(cluster):
            self._progress(kind.shown)
            try:
                objects = self._objects(cluster, kind)
            except ApiRefusal as refusal:
                if refusal.status == 405:
                    self.unlistable.append(kind.shown)
                elif refusal.status != 404:  # the kind was deleted since it was named
                    self.unread.append(not_read(kind.shown, cluster.name, refusal.reason, _NEEDS))
                continue
            for each in sorted((_resource(kind, each, cluster.name) for each in objects), key=_identity):
                uid = each["properties"]["metadata"].get("uid")
                if not isinstance(uid, str) or uid not in seen:
                    seen.add(str(uid))
                    yield each

    def _cluster(self) -> Cluster:
        try:
            return Cluster.opened(self._context, self._kubeconfig)
        except ImportError:
            raise UsageError(
                "listing a Kubernetes cluster needs Kubernetes' Python client",
                hint="pip install 'kubernetes>=37'",
            ) from None

    def _wanted(self, cluster: Cluster) -> list[Listable]:
        try:
            kinds = list(self._kinds(cluster))
        except ApiRefusal as refusal:
            what = f"the cluster of {cluster.name} cannot be asked what it has"
            hint = "`kubectl auth whoami` shows who you are to it; log in, or name another --context"
            raise refusal.error(what, hint) from None
        chosen = {
            kind
            for kind in kinds
            for glob in self._types or ("*",)
            if fnmatchcase(kind.shown, glob) or fnmatchcase(kind.name, glob)
        }
        if self._types:
            self.unlistable = []
            if not chosen and not self.unread:
                raise UsageError(
                    f"the cluster can list no kind called {', '.join(map(repr, self._types))}",
                    hint="`kubectl api-resources --verbs list` shows the names",
                )
        return sorted(chosen, key=lambda kind: (kind.group, kind.version, kind.kind))

    def _kinds(self, cluster: Cluster) -> Iterator[Listable]:
        """What can be listed, each once: in the version that its group prefers, or else the next that has it.

        Raises:
            ApiRefusal: the groups are not told. A group that does not answer is a gap.
        """
        offered = [("", version) for version in _texts(cluster.ask("/api").get("versions"))]
        for group in members(cluster.ask("/apis"), "groups"):
            preferred = group.get("preferredVersion")
            versions = [preferred] if isinstance(preferred, dict) else []
            versions += members(group, "versions")
            names = _texts([version.get("version") for version in versions])
            offered += [(str(group.get("name")), version) for version in dict.fromkeys(names)]
        named: set[tuple[str, str]] = set()
        for group_name, version in offered:
            path = f"/apis/{group_name}/{version}" if group_name else f"/api/{version}"
            try:
                found = members(cluster.ask(path), "resources")
            except ApiRefusal as refusal:
                what = f"which kinds {path.rpartition('/apis/')[2]} has"
                self.unread.append(not_read(what, cluster.name, refusal.reason, _NEEDS))
                continue
            for each in found:
                kind = Listable(group_name, version, str(each.get("name")), str(each.get("kind")))
                if "/" in kind.name or (group_name, kind.name) in named:
                    continue
                named.add((group_name, kind.name))
                if "list" in _texts(each.get("verbs")):
                    yield kind
                else:
                    self.unlistable.append(kind.shown)

    def _objects(self, cluster: Cluster, kind: Listable) -> list[dict[str, Any]]:
        """All objects of a kind. A list that changed too much while it was read is begun once more.

        Raises ApiRefusal.
        """
        accept = _METADATA if kind.shown == "secrets" else "application/json"

        def ask(token: str) -> dict[str, Any]:
            asked = {"limit": _PAGE, **({"continue": token} if token else {})}
            return cluster.ask(kind.path, asked, accept)

        def once() -> list[dict[str, Any]]:
            return [each for page in pages(ask, _continue) for each in members(page, "items")]

        try:
            return once()
        except ApiRefusal as refusal:
            if refusal.status != 410:
                raise
            return once()


class Cluster:
    """A connection to a cluster, with the operator's own credentials. `name` is that of the context."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    @classmethod
    def opened(cls, context: str | None, kubeconfig: str | None) -> Cluster:
        """The cluster of a context, or that of the pod this runs in.

        Raises:
            ImportError: Kubernetes' client is not installed.
            UsageError: there is neither, or the kubeconfig cannot be used.
        """
        from kubernetes import client as kubernetes
        from kubernetes import config

        from packreg.states.inventory.throttling import throttled

        kubeconfig = kubeconfig or "~/.kube/config"  # the client has read its default when it was imported
        settings = kubernetes.Configuration()
        try:
            config.load_kube_config(kubeconfig, context, settings, persist_config=False)
            name = context or str(config.list_kube_config_contexts(kubeconfig)[1]["name"])
        except Exception as error:  # noqa: BLE001 - a damaged kubeconfig fails in many ways
            name = "in-cluster"
            try:
                if context is not None:
                    raise config.ConfigException
                config.load_incluster_config(settings)
            except config.ConfigException:
                raise UsageError(
                    f"no Kubernetes cluster can be used: {error}",
                    hint="`kubectl config get-contexts` shows what there is; name one with --context",
                ) from None
        settings.retries = throttled()
        return cls(kubernetes.ApiClient(settings), name)

    def ask(
        self, path: str, query: dict[str, str] | None = None, accept: str = "application/json"
    ) -> dict[str, Any]:
        """What the cluster answers at a path.

        Raises:
            ApiRefusal: an error, or no whole answer.
            StoreRefused: the cluster's certificate is not trusted.
        """
        return json_answer(lambda: self._once(path, query or {}, accept))

    def _once(self, path: str, query: dict[str, str], accept: str) -> tuple[int, bytes]:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        from packreg.states.inventory.throttling import TIMEOUT, lost, whole

        request = self._client.param_serialize(
            "GET",
            path,
            query_params=list(query.items()),
            header_params={"Accept": accept},
            auth_settings=["BearerToken"],
        )
        try:
            return whole(self._client.call_api(*request, _request_timeout=TIMEOUT).response)
        except HTTPError as error:
            raise lost(error) from None
        except ApiException as error:  # the client's only own one: TLS failed
            raise StoreRefused(
                f"the cluster of {self.name} cannot be trusted: {error.reason}",
                hint="correct certificate-authority-data in the kubeconfig",
            ) from None


def _continue(page: dict[str, Any]) -> object:
    metadata = page.get("metadata")
    return metadata.get("continue") if isinstance(metadata, dict) else None


def _texts(found: object) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _identity(resource: dict[str, Any]) -> str:
    return str(resource["id"])


def _resource(kind: Listable, found: dict[str, Any], place: str) -> dict[str, Any]:
    given = found.get("metadata")
    metadata = (
        {name: value for name, value in given.items() if name != "managedFields"}
        if isinstance(given, dict)
        else {}
    )
    properties = {**found, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    if kind.shown == "secrets":
        properties.pop("data", None)
        properties.pop("stringData", None)
        notes = metadata.get("annotations")
        if isinstance(notes, dict):
            metadata["annotations"] = {name: note for name, note in notes.items() if name != _APPLIED}
    namespace = metadata.get("namespace")
    name = f"{namespace}/{metadata.get('name')}" if namespace else str(metadata.get("name"))
    return {
        "type": kind.token,
        "name": name,
        "urn": f"urn:pulumi:{place.replace('::', ':')}::kubernetes::{kind.token}::{name}",
        "id": name,
        "properties": properties,
    }
