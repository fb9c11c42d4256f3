"""Waiting for a registry, for a while.

A registry that does not answer must not hold up a deployment. Until the required packs are known, at most
`registry.answer_seconds` without an answer are waited for, and after two seconds the user is told. The
answers that do come may take their time, and so may installing and judging, which have limits of their own.
"""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING, TypeVar

from packreg.errors import StoreUnavailable
from packreg.threads import in_background

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.services.workspace import Workspace

T = TypeVar("T")
#: Seconds of silence after which it is said what is waited for.
TOLD_AFTER = 2.0
#: Seconds between two looks at how long it has been silent.
_LOOK = 0.2


def while_it_answers(workspace: Workspace, work: Callable[[], T]) -> T:
    """Do `work`, which asks the registry what must run, and give up when the registry is silent for too long.

    The time without an answer adds up over all calls of a workspace; what is given up goes on in a thread
    that nobody waits for.

    Raises:
        StoreUnavailable: the registry gave no answer for as long as the settings say.
        PackregError: what `work` raises.
    """
    limit, silence = workspace.settings.answer_seconds, workspace.store.silence
    done = in_background(work)
    while not wait([done], timeout=_LOOK).done:
        silent = silence.seconds
        if silent >= TOLD_AFTER:
            workspace.tell_waiting(limit)
        if silent >= limit:
            raise StoreUnavailable(
                f"{workspace.place} gave no answer for {limit} s",
                hint="check the network, the endpoint and its proxy; `packreg doctor` asks it, too",
            )
    return done.result()
