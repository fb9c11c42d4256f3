"""Keeping reports never stands in the way of a deployment."""

from __future__ import annotations

import threading

import pytest

from packreg.errors import StoreUnavailable
from packreg.guard.guard import Guard
from packreg.guard.run import Run
from tests.guard.cli import Cli, Office, bucket
from tests.guard.test_guard import guards as guards
from tests.guard.test_guard import shop as shop


@pytest.mark.parametrize("hangs", [False, True])
def test_a_report_that_cannot_be_kept_blocks_nothing_and_is_said(hangs: bool, guards: list[Guard]) -> None:
    """Whether the registry refuses or never answers, the deployment was judged and goes on."""
    office, ever = Office(), threading.Event()

    def keep(run: Run) -> None:
        if hangs:
            ever.wait()
        raise StoreUnavailable("the bucket is gone")

    guards.append(office.guard(keep=keep, keep_seconds=0.2))
    cli = Cli(guards[0])
    cli.judge(bucket("logs"))
    assert cli.judge_stack(bucket("logs")) == []
    ever.set()
    why = "it was not done after 0.2 s" if hangs else "the bucket is gone"
    assert office.said == [f"the preventative report of this run was not kept: {why}"]
