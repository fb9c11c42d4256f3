"""Environments as the registry stores them: definitions in numbered revisions, and tags that name revisions.

A definition is a text with encrypted secrets here; `environments.evaluation` gives it meaning. Definitions
and tags are one chain each (`store.chain`). A revision never changes, and removing an environment adds a
revision that says so: `name@3` stays what it was, and decisions made with it can always be explained. All
tags of an environment are one document, so a listing of them is consistent, and two people can move different
tags at once. Members that a newer packreg added to an environment or its tags are kept by later revisions,
except `changed`, which is about one change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packreg.errors import ChangedMeanwhile, IntegrityError, NotFound, Removed, UsageError
from packreg.registry import layout
from packreg.registry.clocks import Dated
from packreg.registry.environment_reference import EnvironmentReference, check_name, check_tag, is_name
from packreg.registry.formats import beginning
from packreg.registry.members import Members
from packreg.store.chain import MAX_REVISION, Chain, Revision

if TYPE_CHECKING:
    from packreg.registry.registry import Registry

MAX_TAGS = 1000


@dataclass(frozen=True, slots=True)
class EnvironmentRevision:
    """A revision: who made it, when (RFC 3339 in UTC), and the definition.

    If the environment was removed, `removed` is the reason instead of a definition. `unknown` has the members
    of the stored record that this packreg does not know.
    """

    name: str
    number: int
    by: str
    at: str
    text: bytes = field(default=b"", repr=False)
    removed: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of an environment.

    `numbers` has the revision that each tag names, by tag; `revision` is the number of this revision of the
    tags, 0 if there never were any. `unknown` is as in `EnvironmentRevision`.
    """

    revision: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, object] = field(default_factory=dict)


class Environments:
    """The environments of a registry. Making one reads nothing.

    `now` gives the present time as RFC 3339 in UTC, `new_id` a new random id. Every method raises
    `StoreError` when the store fails, and `IntegrityError` when a stored record is not what packreg writes.
    """

    def __init__(self, registry: Registry, *, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self._registry, self._now, self._new_id = registry, now, new_id

    def names(self) -> list[str]:
        """The names of all environments, removed ones too, sorted. One request per 1,000."""
        prefixes = self._registry.store.prefixes(layout.ENVIRONMENTS)
        names = (prefix.removeprefix(layout.ENVIRONMENTS).removesuffix("/") for prefix in prefixes)
        return sorted(name for name in names if is_name(name))

    def newest(self, name: str) -> EnvironmentRevision | None:
        """The newest revision, which may say that the environment was removed; None if there is none.

        Three requests.
        """
        return self._read(name, self._chain(name).head())

    def at(self, reference: EnvironmentReference) -> EnvironmentRevision:
        """The revision that a reference names: one request by number, three for the newest, four by tag.

        Raises:
            NotFound: there is no such environment, revision or tag.
            Removed: the environment was removed, or this is the revision that says so.
        """
        name, number = reference.name, reference.revision
        if reference.tag:
            number = self.tags(name).numbers.get(reference.tag, 0)
            if not number:
                self._newest(name)
                raise NotFound(
                    f"the environment {name} has no tag {reference.tag!r}",
                    hint=f"`packreg env history {name}` shows its revisions and tags",
                )
        if not number:
            return self._newest(name)
        try:
            revision = self._read(name, self._chain(name).at(number))
        except NotFound:
            newest = self._newest(name)
            raise NotFound(f"there is no {name}@{number}; the newest is {newest}") from None
        assert revision is not None
        if revision.removed:
            raise _removed(revision)
        return revision

    def history(self, name: str) -> Iterator[EnvironmentRevision]:
        """Every revision, the newest first. Two requests per revision at most."""
        for revision in self._chain(name).history():
            found = self._read(name, revision)
            assert found is not None
            yield found

    def tags(self, name: str) -> Tags:
        """The tags of an environment. Three requests."""
        head = self._tag_chain(name).head()
        return self._read_tags(name, head)

    def set(self, name: str, text: bytes, by: str, before: EnvironmentRevision | None) -> EnvironmentRevision:
        """Add a revision after `before`, the newest revision that its author saw. The same text adds none.

        Raises:
            ChangedMeanwhile: there is a newer revision; nothing was written.
            OutcomeUnknown: the revision may have been written; the same call again is safe.
            StoreRefused: this is no registry, or a replica, or the clock of this machine is wrong.
        """
        if before is not None and not before.removed and before.text == text:
            return before
        kept = before.unknown if before is not None and not before.removed else {}
        return self._append(name, {**kept, "document": text.decode()}, by, before)

    def remove(self, name: str, reason: str, by: str) -> EnvironmentRevision:
        """Remove the environment and drop its tags. If it was interrupted, the same call again finishes it.

        Raises:
            NotFound: there is no such environment.
            UsageError: no reason was given.
        """
        before = self.newest(name)
        if before is None:
            raise _not_found(name)
        if not reason.strip():
            raise UsageError("a removal needs a reason", hint="say why: --reason 'nobody uses it'")
        if not before.removed:
            before = self._append(name, {"removed": reason}, by, before)
        if self.tags(name).numbers:
            self._append_tags(name, by, lambda tags: {})
        return before

    def tag(self, name: str, tag: str, number: int, by: str) -> int:
        """Let a tag name the revision `number`, or drop the tag with 0. Returns the number before, or 0.

        Raises:
            ChangedMeanwhile: somebody else moved the same tag.
            NotFound: there is no such revision, or no such tag to drop.
        """
        check_tag(tag)
        if number:
            self.at(EnvironmentReference(name, number))
        elif tag not in self.tags(name).numbers:
            raise NotFound(f"the environment {name} has no tag {tag!r}")
        before = self.tags(name).numbers.get(tag, 0)
        if before == number:
            return before

        def moved(tags: Mapping[str, int]) -> Mapping[str, int]:
            if tags.get(tag, 0) != before:
                now = f"{name}@{tags[tag]}" if tag in tags else "nothing"
                raise ChangedMeanwhile(
                    f"the tag {tag!r} of {name} was moved to {now} by somebody else in the meantime",
                    hint=f"if {name}@{number} is still right, run the same command again",
                )
            kept = {each: of for each, of in tags.items() if each != tag}
            return {**kept, tag: number} if number else kept

        self._append_tags(name, by, moved)
        return before

    def _newest(self, name: str) -> EnvironmentRevision:
        newest = self.newest(name)
        if newest is None:
            raise _not_found(name)
        if newest.removed:
            raise _removed(newest)
        return newest

    def _append(
        self, name: str, what: Mapping[str, object], by: str, before: EnvironmentRevision | None
    ) -> EnvironmentRevision:
        self._registry.home()
        value = _encode({**what, "by": by, "at": self._now()})

        def behind(newest: Revision | None) -> bytes:
            number = before.number if before else 0
            if (newest.number if newest else 0) != number:
                theirs = self._read(name, newest)
                assert theirs is not None
                raise ChangedMeanwhile(
                    f"{theirs} was made by {theirs.by} at {theirs.at}, after the revision you started from",
                    hint=f"look at `packreg env diff {name}@{number} {theirs}`, and make the change again"
                    if number
                    else f"look at `packreg env get {name}`, and make the change again",
                )
            self._check_clock(self._chain(name), newest)
            return value

        made = self._chain(name).append(behind, attempt_id=self._new_id())
        revision = self._read(name, made)
        assert revision is not None
        return revision

    def _append_tags(
        self, name: str, by: str, edit: Callable[[Mapping[str, int]], Mapping[str, int]]
    ) -> None:
        self._registry.home()

        def edited(newest: Revision | None) -> bytes:
            before = self._read_tags(name, newest)
            tags = edit(before.numbers)
            if len(tags) > MAX_TAGS:
                raise UsageError(f"{name} has {MAX_TAGS} tags already", hint="drop some that nobody uses")
            self._check_clock(self._tag_chain(name), newest)
            return _encode(
                {**before.unknown, "by": by, "at": self._now(), "tags": dict(sorted(tags.items()))}
            )

        self._tag_chain(name).append(edited, attempt_id=self._new_id())

    def _check_clock(self, chain: Chain, newest: Revision | None) -> None:
        """Refuse to write with a wrong clock, or after a revision whose time is in the future."""
        follows = None
        if newest is not None:
            where = chain.key(newest.number)
            at = Members.read(newest.value, where, MAX_REVISION).text("at")
            follows = Dated(where, at, newest.modified)
        self._registry.times.check_writer(self._now(), follows)

    def _chain(self, name: str) -> Chain:
        check_name(name)
        return Chain(self._registry.store, layout.environment_prefix(name))

    def _tag_chain(self, name: str) -> Chain:
        check_name(name)
        return Chain(self._registry.store, layout.environment_tags_prefix(name))

    def _read(self, name: str, revision: Revision | None) -> EnvironmentRevision | None:
        if revision is None:
            return None
        members = Members.read(revision.value, self._chain(name).key(revision.number), MAX_REVISION)
        by, at = members.text("by"), members.text("at")
        if "removed" in members.values:
            return EnvironmentRevision(name, revision.number, by, at, removed=members.text("removed") or "-")
        text = members.raw("document", str).encode()
        unknown = members.unknown("by", "at", "document", "changed")
        return EnvironmentRevision(name, revision.number, by, at, text, unknown=unknown)

    def _read_tags(self, name: str, revision: Revision | None) -> Tags:
        if revision is None:
            return Tags()
        key = self._tag_chain(name).key(revision.number)
        found = Members.read(revision.value, key, MAX_REVISION)
        tags = found.members("tags")
        if len(tags.values) > MAX_TAGS:
            raise IntegrityError(f"{key} has more than {MAX_TAGS} tags")
        for tag in tags.values:
            try:
                check_tag(tag)
            except UsageError as error:
                raise tags.wrong(tag[:80], str(error)) from None
        numbers = {tag: tags.number(tag) for tag in tags.values}
        return Tags(revision.number, numbers, found.unknown("by", "at", "tags", "changed"))


def _encode(values: Mapping[str, object]) -> bytes:
    return json.dumps({**beginning(), **values}, indent=1).encode()


def _not_found(name: str) -> NotFound:
    return NotFound(f"there is no environment {name}", hint="`packreg env ls` lists them")


def _removed(revision: EnvironmentRevision) -> Removed:
    before = f"`packreg env get {revision.name}@{revision.number - 1}` shows what it was"
    return Removed(
        f"the environment {revision.name} was removed: {revision.removed} ({revision.by}, {revision.at})",
        hint=f"set it again, or refer to one of its revisions; {before}",
    )
