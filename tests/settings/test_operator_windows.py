"""What a Windows security descriptor says about who can change a file."""

from __future__ import annotations

import pytest

from packreg.settings.operator_windows import descriptor_problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)", ""),
        ("O:SYD:(A;ID;FA;;;SY)(A;OICIIO;GA;;;CO)(A;ID;FR;;;WD)", ""),
        ("O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)", ""),
        ("O:BUG:SYD:(A;;FA;;;SY)", "does not belong to Administrators"),
        ("O:S-1-5-21-1-2-3-1001D:(A;;FA;;;SY)", "does not belong to Administrators"),
        ("D:(A;;FA;;;SY)", "does not belong to Administrators"),
        ("", "does not belong to Administrators"),
        ("O:BA", "can be written by everybody"),
        ("O:BAD:NO_ACCESS_CONTROL", "can be written by everybody"),
        ("O:BAD:(A;;FA;;;BA)(A;;FA;;;BU)", "can be written by others than Administrators"),
        ("O:BAD:(A;;0x1301bf;;;AU)", "can be written by others than Administrators"),
        ("O:BAD:(A;;FRFW;;;WD)", "can be written by others than Administrators"),
        ("O:BAD:(A;CIID;DCLCRPCR;;;BU)", "can be written by others than Administrators"),
        ("O:BAD:(A;;WD;;;S-1-5-21-1-2-3-1001)", "can be written by others than Administrators"),
    ],
)
def test_only_administrators_may_write(text: str, problem: str) -> None:
    """Owner and access list both count; entries that only new files inherit, and denials, do not."""
    assert descriptor_problem(text) == problem
