"""What the packs of a run leave in its report when they cannot go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.guard.guard import Guard, Stopped
from tests.guard.cli import Cli, Office, bucket, pack, urn

WHOLE = """
        StackValidationPolicy("whole", "Says nothing.", lambda args, report: None),"""
CRASHING = f"""
    import os
    from pulumi_policy import (
        EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy
    )

    def analyze(args, report):
        if args.props.get("crash") == "Analyze":
            os._exit(7)

    def remediate(args):
        if args.props.get("crash") == "Remediate":
            os._exit(7)

    PolicyPack("crashing", policies=[
        ResourceValidationPolicy("analyzed", "Crashes.", analyze, EnforcementLevel.MANDATORY),
        ResourceValidationPolicy("remediated", "Crashes.", enforcement_level=EnforcementLevel.REMEDIATE,
                                 remediate=remediate),{WHOLE}
    ])
"""


@pytest.fixture
def guards() -> Iterator[list[Guard]]:
    """Guards to be closed."""
    made: list[Guard] = []
    yield made
    for guard in made:
        guard.close()


def crashing(source: str, python: Path, directory: Path) -> Office:
    """What asks for a pack that crashes where a resource says so."""
    return Office(lambda stack: [pack(directory / "crashing", source, python, stack)])


def errors(office: Office) -> list[tuple[str, str, int]]:
    """URN, last words and number of resources of every evaluation error of the run's own pack."""
    [run] = office.kept
    found = [error for error in run.evaluation.errors if error.pack == "crashing"]
    return [(error.urn, error.why.rpartition("; ")[2], error.resources) for error in found]


@pytest.mark.parametrize("more", [0, 1, 2])
def test_what_a_pack_that_was_given_up_did_not_judge_is_counted(
    python: Path, tmp_path: Path, guards: list[Guard], more: int
) -> None:
    """Where failing open is asked for, a run goes on without a pack, and its report says how far it got."""
    office = crashing(CRASHING, python, tmp_path)
    guards.append(guard := office.guard(fail_open="the operator"))
    cli = Cli(guard)
    cli.judge(bucket("good"))
    for name in ("bad", "worse"):  # the second is one crash more than a pack may have
        cli.judge(bucket(name, crash="Analyze"))
    for number in range(more):
        cli.judge(bucket(f"unjudged-{number}"))
    cli.judge_stack(bucket("good"))
    *crashed, last = errors(office)
    assert [found[0] for found in crashed] == [urn("bad"), urn("worse")]
    words = f"{more} of {3 + more} resources were not judged and " if more else ""
    assert last == ("", f"{words}the stack was not judged", more)


def test_the_one_resource_that_a_pack_was_given_up_at_is_not_judged(
    python: Path, tmp_path: Path, guards: list[Guard]
) -> None:
    """A pack that could not remediate a resource was never asked what it says of it."""
    office = crashing(CRASHING.replace(WHOLE, ""), python, tmp_path)
    guards.append(guard := office.guard())
    cli = Cli(guard)
    for _ in range(2):
        with pytest.raises(Stopped, match="could not judge"):
            cli.judge(bucket("bad", crash="Remediate"))
    guard.close()
    assert errors(office)[-1][1:] == ("1 of 1 resources were not judged", 1)
