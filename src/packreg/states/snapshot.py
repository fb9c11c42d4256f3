"""The resources of one file: checked once, and decoded again one by one at each use."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from packreg.errors import InvalidState, Problem
from packreg.states.json_text import strict
from packreg.states.resource import ROOT_STACK, Resource, provider_urn, urn_parts
from packreg.states.secrets import StateSecrets
from packreg.states.values import ARCHIVE, ASSET, SIGNATURE, Properties, Values, WrongValue

#: Most resources of one file; the largest known states have some 100,000.
MAX_ELEMENTS = 2_000_000
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Elements:
    """The byte spans of the resources in a file, and the place of each for messages."""

    def __init__(self, data: bytes, place: Callable[[int], str]) -> None:
        self._data = data
        self._spans = array("Q")
        self.place = place

    def add(self, span: tuple[int, int]) -> None:
        """Add the next element: `data[start:end]`. Raises InvalidState when there are too many."""
        if len(self) == MAX_ELEMENTS:
            raise InvalidState(f"the file has more than {MAX_ELEMENTS} resources")
        self._spans.extend(span)

    def __len__(self) -> int:
        return len(self._spans) // 2

    def digest(self) -> str:
        """The sha256 of all bytes of the file, as `sha256:<hex>`."""
        return f"sha256:{hashlib.sha256(self._data).hexdigest()}"

    def decode(self, index: int, where: str) -> object:
        """Decode one element; `where` names the file in errors. Raises InvalidState."""
        start, end = self._spans[2 * index : 2 * index + 2]
        return strict(self._data[start:end], f"{where}: {self.place(index)}")


class HiddenSecrets(NamedTuple):
    """The URNs of the live resources in which packs see "[secret]" instead of a secret.

    `analyzed` have one in what resource policies see: their inputs or their provider. `stacked` have one in
    what stack policies see: their outputs or their provider.
    """

    analyzed: tuple[str, ...] = ()
    stacked: tuple[str, ...] = ()


class Snapshot:
    """The resources of a state, a preview or a resource list, in the file's order.

    Making one checks that each resource can be read and converted, and that no resource is its own ancestor.
    Two live resources with the same URN are both judged, as by the Pulumi CLI, and a note says so. Only the
    file's bytes, the live URNs and the providers stay in memory; iterating decodes each resource again.
    Several threads must not use one at once.

    `where` names the file. `notes` say what could not be seen. `size`, like `len`, counts the live resources:
    those not marked for deletion. `stack` and `project` are those of the root stack or the first resource.
    `root` is the URN to which findings about the whole stack are attributed ("" without resources). `hidden`
    says which resources have secrets that stay hidden. `known_secrets` has the texts of all secrets revealed
    so far, which must not appear in output. `is_preview` says that these resources are planned, not made.
    """

    def __init__(
        self,
        where: str,
        elements: Elements,
        read: Callable[[int, object], Resource],
        *,
        secrets: StateSecrets | None = None,
        preview: bool = False,
        notes: tuple[Problem, ...] = (),
    ) -> None:
        """`read` makes a resource from the index of an element and its JSON; it may raise WrongValue.

        `preview` says that the file is a preview, in which each secret is the text "[secret]".

        Raises InvalidState, which names the file, the place in it and the resource.
        """
        self.where = where
        self._elements = elements
        self._read = read
        secrets = secrets or StateSecrets()
        self.values = Values(secrets, masked=preview)
        self.is_preview = preview
        self._live: set[str] = set()
        self._twice: list[str] = []
        self.size = 0
        self._providers: dict[str, Properties] = {}
        self.root = ""
        self.hidden = HiddenSecrets()
        self._check()
        self.stack, self.project = urn_parts(self.root)[:2] if self.root else ("", "")
        self.notes = (*notes, *self._own_notes(secrets))

    def __len__(self) -> int:
        return self.size

    @property
    def is_empty(self) -> bool:
        """Whether the file has no resources at all, not even some marked for deletion."""
        return len(self._elements) == 0

    @property
    def known_secrets(self) -> frozenset[str]:
        """See the class. Short texts are included; the caller decides whether to redact those."""
        return frozenset(self.values.known)

    def digest(self) -> str:
        """The sha256 of the file's decompressed bytes, as `sha256:<hex>`; reports identify a state by it."""
        return self._elements.digest()

    def __iter__(self) -> Iterator[Resource]:
        """The live resources, in the file's order, decoded one by one."""
        for index in range(len(self._elements)):
            resource = self._resource(index)
            if not resource.delete:
                yield resource

    def provider(self, resource: Resource) -> Properties | None:
        """A resource's provider as `{"urn", "type", "name", "properties"}`, or None.

        It is None, too, when the file does not contain the provider that the resource refers to. Every call
        returns the same object; do not change it.
        """
        return self._providers.get(provider_urn(resource.provider)) if resource.provider else None

    def attribute(self, urn: str) -> str:
        """The URN to attribute a stack policy's finding to: `urn` if that is live here, else the root."""
        return urn if urn in self._live else self.root

    def _resource(self, index: int) -> Resource:
        raw = self._elements.decode(index, self.where)
        try:
            return self._read(index, raw)
        except WrongValue as wrong:
            raise self._refused(index, wrong, raw) from None

    def _check(self) -> None:
        parents: dict[str, str] = {}
        uses: Counter[str] = Counter()
        fallback = ""
        inside: dict[str, tuple[bool, bool]] = {}
        for index in range(len(self._elements)):
            resource = self._resource(index)
            try:
                inputs, in_inputs = self._converted(resource.inputs, "inputs")
                visible = without_internal(resource.outputs)
                _, in_outputs = self._converted(visible, "outputs")
                internal = resource.outputs.keys() - visible.keys()
                self._converted({name: resource.outputs[name] for name in sorted(internal)}, "outputs")
                if not resource.delete:
                    if resource.urn in self._live:
                        self._twice.append(resource.urn)
                    self._live.add(resource.urn)
                    self.size += 1
                    parents[resource.urn] = resource.parent
                    uses[provider_urn(resource.provider)] += 1
                    if in_inputs or in_outputs:
                        inside[resource.urn] = in_inputs, in_outputs
            except WrongValue as wrong:
                raise self._refused(index, wrong, {"urn": resource.urn}) from None
            if resource.is_provider:
                self._providers[resource.urn] = {
                    "urn": resource.urn,
                    "type": resource.type,
                    "name": resource.name,
                    "properties": without_internal(inputs),
                }
            if resource.type == ROOT_STACK and not resource.parent and not self.root:
                self.root = resource.urn
            fallback = fallback or resource.urn
        if not self.root and fallback:
            stack, project, _, _ = urn_parts(fallback)
            self.root = f"urn:pulumi:{stack}::{project}::{ROOT_STACK}::{project}-{stack}"
        self._check_parents(parents)
        self.hidden = self._hidden(inside)
        self._without_provider = sum(uses[urn] for urn in uses.keys() - self._providers.keys() if urn)

    def _hidden(self, inside: Mapping[str, tuple[bool, bool]]) -> HiddenSecrets:
        """The resources with hidden secrets. `inside` says, by URN, whether inputs and outputs have one.

        A provider's secrets count for each resource that uses it, because policies see them there.
        """
        hidden = dict(inside)
        if providers := {urn for urn, (in_inputs, _) in inside.items() if in_inputs} & self._providers.keys():
            users = (each.urn for each in self if provider_urn(each.provider) in providers)
            hidden |= dict.fromkeys(users, (True, True))
        return HiddenSecrets(
            tuple(urn for urn, (in_inputs, _) in hidden.items() if in_inputs),
            tuple(urn for urn, (_, in_outputs) in hidden.items() if in_outputs),
        )

    def _converted(self, raw: Properties, name: str) -> tuple[Properties, bool]:
        """The properties as an analyzer gets them, and whether a secret in them stays hidden."""
        before = self.values.hidden
        try:
            return self.values.properties(raw), self.values.hidden > before
        except WrongValue as wrong:
            wrong.path.append(name)
            raise

    def _check_parents(self, parents: dict[str, str]) -> None:
        fine: set[str] = set()
        for urn in parents:
            line: set[str] = set()
            ancestor = urn
            while ancestor and ancestor not in fine:
                if ancestor in line:
                    raise InvalidState(f"{self.where}: the resource {ancestor[:300]!r} is its own ancestor")
                line.add(ancestor)
                ancestor = parents.get(ancestor, "")
            fine |= line

    def _refused(self, index: int, wrong: WrongValue, raw: object) -> InvalidState:
        place = self._elements.place(index)
        for step in reversed(wrong.path):
            place += f".{step}" if isinstance(step, str) and _PLAIN.fullmatch(step) else f"[{step!r:.80}]"
        urn = raw.get("urn") if isinstance(raw, dict) else None
        of = f" (resource {urn[:300]!r})" if isinstance(urn, str) and urn else ""
        return InvalidState(f"{self.where}: {place} {wrong}{of}")

    def _own_notes(self, secrets: StateSecrets) -> Iterator[Problem]:
        if not self._live:
            held = "only resources marked for deletion" if len(self._elements) else "no resources"
            yield Problem("nothing-to-analyze", f"it holds {held}: there was nothing to analyze", self.where)
        if self._twice:
            more = f" (and {len(self._twice) - 1} more)" if len(self._twice) > 1 else ""
            message = f"{self._twice[0][:300]} stands in it twice{more}; each is judged, as by the Pulumi CLI"
            yield Problem("duplicate-urn", message, self.where)
        if secrets.note():
            yield Problem("hidden-secrets", secrets.note(), self.where)
        if self._without_provider:
            message = (
                f"{self._without_provider} resources have a provider that is not in it; policies see none"
            )
            yield Problem("missing-providers", message, self.where)
        if self.values.replaced_bytes:
            message = "some values are bytes that are not text; policies see replacement characters in them"
            yield Problem("replaced-bytes", message, self.where)


def without_internal(properties: Properties) -> Properties:
    """The properties that policies see: without the engine's own (`__…`), at every level.

    The Pulumi CLI 3.276 does the same; 3.259 leaves out only those of the top level.
    """
    return {name: _shown(value) for name, value in properties.items() if not name.startswith("__")}


def _shown(value: Any) -> Any:
    if type(value) is dict and value.get(SIGNATURE) not in (ASSET, ARCHIVE):  # archives have file names
        return without_internal(value)
    return [_shown(item) for item in value] if type(value) is list else value
