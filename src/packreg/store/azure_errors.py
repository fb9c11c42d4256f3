"""The packreg error for a failure at Azure, also where Azure's libraries are not installed."""

from __future__ import annotations

from packreg.errors import PackregError, StoreRefused, UsageError


def azure_error(failed: Exception, what: str, *, writing: bool = False, needs: str = "") -> PackregError:
    """The packreg error for what a method raised, see `azure_answers.sort_out`."""
    if isinstance(failed, UsageError | StoreRefused):
        return failed  # said before any request, perhaps because there is no library
    from packreg.store.azure_answers import sort_out

    return sort_out(failed, what, writing=writing, needs=needs)
