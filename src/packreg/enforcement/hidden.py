"""Secrets that nobody could read are not a pass: what follows from resources that have some. Pure.

A pack saw the text "[secret]" where a secret is, so what it says of that resource cannot be trusted. Where a
deployment is decided, that is an evaluation error, unless the caller allows it explicitly. An audit counts
such resources apart, and keeps what the audit before found on them, as it could not be looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from packreg.analyzer.findings import (
    Evaluation,
    EvaluationError,
    PackResult,
    PolicyResult,
    Remediation,
    Violation,
)
from packreg.errors import Problem
from packreg.states.snapshot import HiddenSecrets

#: The code of such an evaluation error, and of what is noted.
HIDDEN_SECRETS = "hidden-secrets"
HINT = (
    "give the key (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE), or what `pulumi stack export "
    "--show-secrets` writes; a preview hides all secrets, which the guard is shown: `packreg guard --help`"
)
_NAMED = 20
HIDDEN_MESSAGE = (
    "it has secrets that could not be read, so it is not known what policies would say about them"
)

_STILL = "found by an earlier audit; since then secrets of this resource could not be read:"


def unread(evaluation: Evaluation, hidden: HiddenSecrets) -> tuple[str, ...]:
    """The URNs of the resources with secrets that some pack would have been shown."""
    found = [urn for pack in evaluation.packs for urn in _unread_by(pack, hidden)]
    return tuple(dict.fromkeys(found))


def not_evaluated(evaluation: Evaluation, hidden: HiddenSecrets) -> Evaluation:
    """The same evaluation, in which no pack has judged the resources with secrets that it was not shown."""
    packs = []
    for pack in evaluation.packs:
        unjudged = _unread_by(pack, hidden)
        more = tuple(
            EvaluationError(pack.pack, pack.version, HIDDEN_SECRETS, HIDDEN_MESSAGE, urn=urn)
            for urn in unjudged
        )
        packs.append(replace(pack, errors=(*pack.errors, *more)))
    return Evaluation(tuple(packs), evaluation.resources)


def still_found(evaluation: Evaluation, before: Evaluation, hidden: HiddenSecrets) -> Evaluation:
    """The same evaluation with what the run `before` found on resources that this one could not read.

    Of packs that ran again, and of policies that they still have enabled, which find nothing there now.
    """
    known = {pack.pack: pack for pack in before.packs}
    packs = [
        _with_earlier(pack, known[pack.pack], frozenset(_unread_by(pack, hidden)), bool(hidden.stacked))
        if pack.pack in known
        else pack
        for pack in evaluation.packs
    ]
    return Evaluation(tuple(packs), evaluation.resources)


def with_names(notes: Iterable[Problem], urns: tuple[str, ...]) -> tuple[Problem, ...]:
    """The notes on what was judged, where the one on hidden secrets says whose they are and what to do."""
    names = ", ".join(urn.rpartition("::")[2][:100] for urn in urns[:_NAMED])
    more = f" and {len(urns) - _NAMED} more" if len(urns) > _NAMED else ""
    return tuple(
        note._replace(message=f"{note.message}; they are of {names}{more}", hint=HINT)
        if note.code == HIDDEN_SECRETS and urns
        else note
        for note in notes
    )


def _unread_by(pack: PackResult, hidden: HiddenSecrets) -> tuple[str, ...]:
    """The resources of which this pack was shown "[secret]" by a policy that is enabled."""
    if pack.info is None or not (hidden.analyzed or hidden.stacked):
        return ()
    enabled = {policy.policy for policy in pack.policies if policy.level != "disabled"}
    judging = [policy for policy in pack.info.policies if policy.name in enabled]
    urns = hidden.analyzed if any(policy.judges_resources for policy in judging) else ()
    more = hidden.stacked if any(policy.judges_stacks for policy in judging) else ()
    return tuple(dict.fromkeys((*urns, *more)))


def _with_earlier(pack: PackResult, before: PackResult, urns: frozenset[str], of_stack: bool) -> PackResult:
    """`of_stack` says that policies for stacks did not see everything, whatever resource they blame."""
    levels = {policy.policy: policy.level for policy in pack.policies if policy.level != "disabled"}
    there: tuple[Violation | Remediation, ...] = (*pack.violations, *pack.remediations)
    now = {(found.policy, found.urn) for found in there}

    def is_left(found: Violation | Remediation) -> bool:
        hides = found.urn in urns or (of_stack and isinstance(found, Violation) and found.kind == "stack")
        return hides and found.policy in levels and (found.policy, found.urn) not in now

    violations = [
        replace(
            found,
            version=pack.version,
            level=found.level if levels[found.policy] == "remediate" else levels[found.policy],
            message=found.message if found.message.startswith(_STILL) else f"{_STILL}\n{found.message}",
        )
        for found in before.violations
        if is_left(found)
    ]
    remediations = [replace(found, version=pack.version) for found in before.remediations if is_left(found)]
    return replace(
        pack,
        policies=_failed(
            pack.policies, [*(each.policy for each in violations), *(each.policy for each in remediations)]
        ),
        violations=(*pack.violations, *violations),
        remediations=(*pack.remediations, *remediations),
    )


def _failed(policies: tuple[PolicyResult, ...], names: Iterable[str]) -> tuple[PolicyResult, ...]:
    """The counts of policies of which so many judgements count as failed after all."""
    more = Counter(names)
    return tuple(
        replace(each, passed=max(0, each.passed - more[each.policy]), failed=each.failed + more[each.policy])
        for each in policies
    )
