"""Warn if an entry that lost was stricter than the one that won; or refuse it, with `strict_conflicts`. Pure.

Pulumi's rules choose the newest version and the entry modified last, whatever their levels. So a group with a
mandatory policy can lose to one that turns it off, and nobody would notice. An entry is stricter if it has a
policy at a higher level than the winner: disabled, then advisory, then mandatory and remediate, which count
the same since both keep a violation out. A policy that the winning version does not have counts as disabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packreg.configuration.file import Layer
from packreg.configuration.reconcile import ConfigurablePack, reconcile
from packreg.errors import Problem
from packreg.groups.decision import GroupRequest, Lost, Required, Requirement, Unavailable

#: The level of each policy by its name.
Levels = Mapping[str, str]

#: How strict a level is: a level that keeps a violation out is stricter than one that only reports it.
RANK = {"disabled": 0, "advisory": 1, "mandatory": 2, "remediate": 2}
_NAMED = 5


def contested(required: Required) -> tuple[GroupRequest, ...]:
    """The entries whose levels `with_strictness` compares: of packs that several groups want differently."""
    found: list[GroupRequest] = []
    for pack in required.packs:
        losers = [lost.asked for lost in pack.lost if lost.rule != "same"]
        found += [pack.winner, *losers] if losers else []
    return tuple(found)


def levels_of(pack: ConfigurablePack, layers: Sequence[Layer]) -> Levels:
    """The levels that a pack's policies have under these layers. Raises InvalidConfiguration."""
    settings = reconcile(pack, layers).settings
    return {
        policy.name: policy.level if settings is None else settings[policy.name].level
        for policy in pack.policies
    }


def with_strictness(
    required: Required, levels: Mapping[tuple[str, str], Levels], *, refuse: bool
) -> Required:
    """`required` with a warning at each pack for which a losing entry was stricter.

    `levels` has the levels of `contested` entries by group and pack. An entry without levels is a warning too
    if it was configured differently. With `refuse` the pack becomes unavailable in both cases.
    """
    packs: list[Requirement] = []
    unavailable = list(required.unavailable)
    for pack in required.packs:
        found = tuple(problem for lost in pack.lost for problem in _compared(pack, lost, levels, refuse))
        if found and refuse:
            unavailable += [Unavailable(pack.pack, pack.version.text, problem) for problem in found]
        else:
            packs.append(replace(pack, warnings=(*pack.warnings, *found)))
    return replace(required, packs=tuple(packs), unavailable=tuple(sorted(unavailable)))


def _compared(
    pack: Requirement, lost: Lost, levels: Mapping[tuple[str, str], Levels], refuse: bool
) -> Iterator[Problem]:
    if lost.rule == "same":
        return
    winner = levels.get((pack.winner.group, pack.pack))
    loser = levels.get((lost.asked.group, pack.pack))
    where = f"group {lost.asked.group}"
    asked = f"{pack.pack} {lost.asked.version}"
    won = f"{pack.version} of group {pack.winner.group}, which counts ({lost.rule})"
    hint = "ask for one version and one configuration in both groups"
    if winner is None or loser is None:
        entry = lost.asked.entry
        if refuse or entry.config != pack.config or entry.environments or pack.environments:
            message = f"it is not known whether {asked} is stricter than {won}: levels are missing"
            yield Problem("strictness-unknown", message, where, hint)
        return
    stricter = [
        f"{policy} is {level}, not {winner.get(policy, 'there at all')}"
        for policy, level in sorted(loser.items())
        if RANK[level] > RANK[winner.get(policy, "disabled")]
    ]
    if stricter:
        more = f" and {len(stricter) - _NAMED} more" if len(stricter) > _NAMED else ""
        message = f"{asked} is stricter than {won}: {'; '.join(stricter[:_NAMED])}{more}"
        yield Problem("stricter-lost", message, where, hint)
