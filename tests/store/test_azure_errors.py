"""What a failure at Azure becomes; the answers themselves are sorted out in test_azure_answers."""

from __future__ import annotations

from azure.core.exceptions import ServiceRequestError

from packreg.errors import StoreRefused, StoreUnavailable, UsageError
from packreg.store.azure_errors import azure_error
from packreg.store.bucket import Unsure


def test_what_was_said_before_any_request_stays_as_it_is() -> None:
    """Such as that a library is missing, which would be needed to sort out anything else."""
    for said in (UsageError("no library"), StoreRefused("no credentials")):
        assert azure_error(said, "the blob cannot be read") is said


def test_a_lost_request_may_have_been_a_write() -> None:
    """So it is unsure where something was written, and unavailable where it was read."""
    lost = ServiceRequestError("connection lost")
    assert isinstance(azure_error(lost, "it cannot be read"), StoreUnavailable)
    assert isinstance(azure_error(lost, "it cannot be written", writing=True), Unsure)
