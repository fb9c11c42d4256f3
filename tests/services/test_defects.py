"""What no error of packreg's own tree is."""

from __future__ import annotations

from pathlib import Path

from packreg.services.defects import described
from packreg.services.workspace import Workspace


def failing(error: Exception) -> Exception:
    """The error as it arrives: with a traceback."""
    try:
        raise error
    except Exception as raised:
        return raised


def test_a_defect_is_kept_with_its_traceback(workspace: Workspace) -> None:
    """The sentence says what it is, the hint names the file, and the exit code is 1."""
    found = described(workspace, failing(KeyError("x")))
    assert (found.exit_code, str(found)) == (1, "this is a defect of packreg: KeyError: 'x'")
    [log] = workspace.home.logs.iterdir()
    assert str(log) in found.hint
    assert "in failing" in log.read_text()


def test_the_systems_no_is_no_defect(workspace: Workspace) -> None:
    """A full disk is nobody's bug, and leaves no file."""
    found = described(workspace, failing(OSError(28, "No space left on device")))
    assert str(found).startswith("the operating system refused: ")
    assert not workspace.home.logs.exists()


def test_a_traceback_that_cannot_be_kept_hides_no_defect(workspace: Workspace) -> None:
    """The hint says how to see it then."""
    Path(workspace.home.root).mkdir(parents=True, exist_ok=True)
    workspace.home.logs.parent.mkdir(parents=True, exist_ok=True)
    workspace.home.logs.write_text("in the way")
    found = described(workspace, failing(ValueError("y")))
    assert "ValueError: y" in str(found)
    assert "-v" in found.hint


def test_a_clock_beyond_time_is_said(workspace: Workspace) -> None:
    """Everything fails then, so that is what is said."""

    def never() -> str:
        raise OverflowError

    workspace.now = never
    assert "the clock of this machine" in str(described(workspace, failing(ValueError("z"))))
