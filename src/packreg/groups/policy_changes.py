"""What changed from one version of a pack to another for those whom its policies judge. Pure.

Policies that came and went, levels that were raised or lowered, and configuration schemas that became
stricter (a configuration that was accepted may now be refused) or looser. A level is the one that a policy
has when nobody configures it. What this module cannot tell apart is said to be "changed".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from packreg.groups.schema_changes import SchemaChange, schema_changes
from packreg.pack.metadata import PackInfo, Schema

#: From what lets everything pass to what blocks, and changes resources besides.
_STRENGTH = ("disabled", "advisory", "mandatory", "remediate")


class PolicyChange(NamedTuple):
    """One change. `old` and `new` are levels, "" where there is no such policy; `schema` is set for schemas.

    `kind` is one of "added", "removed", "raised", "lowered", "stricter", "looser", "changed".
    """

    policy: str
    kind: Literal["added", "removed", "raised", "lowered", "stricter", "looser", "changed"]
    old: str = ""
    new: str = ""
    schema: SchemaChange | None = None

    @property
    def breaking(self) -> bool:
        """Whether what passed before may fail now, or what was judged is no longer: no matter for a patch."""
        if self.kind == "added":
            return self.new in ("mandatory", "remediate")
        return self.kind in ("removed", "raised", "stricter")

    def __str__(self) -> str:
        if self.schema is not None:
            return f"{self.policy}: its configuration is {self.kind}: {self.schema}"
        if self.kind == "added":
            return f"{self.policy}: added at the level {self.new}"
        if self.kind == "removed":
            return f"{self.policy}: removed, it was {self.old}"
        return f"{self.policy}: {self.kind} from {self.old} to {self.new}"

    def as_json(self) -> dict[str, object]:
        """As `--json` prints it."""
        return {
            "policy": self.policy,
            "kind": self.kind,
            "old": self.old,
            "new": self.new,
            "where": self.schema.where if self.schema else "",
            "message": self.schema.message if self.schema else "",
        }


def policy_changes(old: PackInfo, new: PackInfo) -> tuple[PolicyChange, ...]:
    """All changes, by policy; of one policy its level first."""
    before = {policy.name: policy for policy in old.policies}
    after = {policy.name: policy for policy in new.policies}
    return tuple(
        change
        for name in sorted(before.keys() | after.keys())
        for change in _changes(name, old if name in before else None, new if name in after else None)
    )


def _changes(name: str, old: PackInfo | None, new: PackInfo | None) -> Iterator[PolicyChange]:
    if old is None or new is None:
        if new is not None:
            yield PolicyChange(name, "added", "", new.level_of(name))
        if old is not None:
            yield PolicyChange(name, "removed", old.level_of(name), "")
        return
    before, after = old.level_of(name), new.level_of(name)
    if before != after:
        raised = _STRENGTH.index(after) > _STRENGTH.index(before)
        yield PolicyChange(name, "raised" if raised else "lowered", before, after)
    for change in schema_changes(_schema(old, name), _schema(new, name)):
        yield PolicyChange(name, change.kind, before, after, change)


def _schema(info: PackInfo, name: str) -> Schema:
    """The policy's schema; that of one which takes no properties is empty."""
    policy = info.policy(name)
    return (policy.schema if policy else None) or Schema()
