"""Passphrases in variables and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.services.passphrases import ENVIRONMENTS, STATES, environments_passphrase, state_passphrase

BOTH = pytest.mark.parametrize(
    ("read", "variable"), [(environments_passphrase, ENVIRONMENTS), (state_passphrase, STATES)]
)
Read = Callable[[dict[str, str], Path], str | None]


@BOTH
def test_a_variable_comes_before_its_file(read: Read, variable: str, tmp_path: Path) -> None:
    """What is given is taken as it is; a relative path starts at the working directory."""
    (tmp_path / "phrase").write_bytes(b"of the file\r\n")
    named = {f"{variable}_FILE": "phrase"}
    assert read({variable: " given ", **named}, tmp_path) == " given "
    assert read(named, tmp_path) == "of the file"
    assert not read({}, tmp_path) and not read({f"{variable}_FILE": ""}, tmp_path)


def test_each_tool_has_its_own_rules(tmp_path: Path) -> None:
    """For the Pulumi CLI an empty variable counts and spaces in a file do not; for environments otherwise."""
    (tmp_path / "phrase").write_bytes(b" two words \n")
    ours = {ENVIRONMENTS: "", f"{ENVIRONMENTS}_FILE": "phrase"}
    assert environments_passphrase(ours, tmp_path) == " two words "
    assert state_passphrase({STATES: "", f"{STATES}_FILE": "phrase"}, tmp_path) == ""
    assert state_passphrase({f"{STATES}_FILE": "phrase"}, tmp_path) == "two words"
    assert state_passphrase({}, tmp_path) is None


@BOTH
@pytest.mark.parametrize("held", [None, b"x" * 65537])
def test_a_file_that_cannot_be_read_is_said(
    read: Read, variable: str, held: bytes | None, tmp_path: Path
) -> None:
    """With the variable that names it: it is not there, or has more than a passphrase may have."""
    if held is not None:
        (tmp_path / "phrase").write_bytes(held)
    with pytest.raises(UsageError, match=f"the file in {variable}_FILE cannot be read: .*phrase"):
        read({f"{variable}_FILE": "phrase"}, tmp_path)


def test_an_empty_file_holds_no_passphrase_of_environments(tmp_path: Path) -> None:
    """Secrets encrypted with nothing would be open to all."""
    (tmp_path / "phrase").write_bytes(b"\n")
    with pytest.raises(UsageError, match="is empty"):
        environments_passphrase({f"{ENVIRONMENTS}_FILE": "phrase"}, tmp_path)
