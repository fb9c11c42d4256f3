"""Resources with secrets that could not be read, which must not count as passed. Pure.

A pack saw the text "[secret]" in place of the secret, so its results for that resource cannot be trusted. For
a deployment that is an evaluation error, unless the caller allows it explicitly. An audit counts such
resources separately and keeps the findings of the previous audit on them.
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

#: The code of such an evaluation error, and of the note on it.
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
    """The URNs of resources with unread secrets that at least one enabled policy was shown."""
    found = [urn for pack in evaluation.packs for urn in _unread_by(pack, hidden)]
    return tuple(dict.fromkeys(found))


def not_evaluated(evaluation: Evaluation, hidden: HiddenSecrets) -> Evaluation:
    """The evaluation with an error for each pack and each resource whose secrets the pack could not see."""
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
    """The evaluation, with the findings of the run `before` on resources whose secrets are unread now.

    Kept are findings of packs that ran again, and of policies that are still enabled and found nothing on the
    resource in this run.
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
    """The notes; the one on hidden secrets now names the resources (20 at most) and has a hint."""
    names = ", ".join(urn.rpartition("::")[2][:100] for urn in urns[:_NAMED])
    more = f" and {len(urns) - _NAMED} more" if len(urns) > _NAMED else ""
    return tuple(
        note._replace(message=f"{note.message}; they are of {names}{more}", hint=HINT)
        if note.code == HIDDEN_SECRETS and urns
        else note
        for note in notes
    )


def _unread_by(pack: PackResult, hidden: HiddenSecrets) -> tuple[str, ...]:
    """The URNs of resources for which an enabled policy of this pack was shown "[secret]"."""
    if pack.info is None or not (hidden.analyzed or hidden.stacked):
        return ()
    enabled = {policy.policy for policy in pack.policies if policy.level != "disabled"}
    judging = [policy for policy in pack.info.policies if policy.name in enabled]
    urns = hidden.analyzed if any(policy.judges_resources for policy in judging) else ()
    more = hidden.stacked if any(policy.judges_stacks for policy in judging) else ()
    return tuple(dict.fromkeys((*urns, *more)))


def _with_earlier(pack: PackResult, before: PackResult, urns: frozenset[str], of_stack: bool) -> PackResult:
    """A pack's result with its kept findings `before` on the resources `urns`.

    `of_stack`: policies for whole stacks did not see every secret, so their earlier violations are kept too,
    on whatever resource.
    """
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
    """The policy results, with one judgement moved from passed to failed for each time a policy is named."""
    more = Counter(names)
    return tuple(
        replace(each, passed=max(0, each.passed - more[each.policy]), failed=each.failed + more[each.policy])
        for each in policies
    )
