"""Where things are: directories, paths and URLs as people write them."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from packreg.settings.places import user_directory


@pytest.mark.parametrize("kind", ["data", "config", "state"])
@pytest.mark.parametrize("value", [None, "", "  ", "/xdg/place", "relative", "~/tilde"])
def test_user_directories_are_those_of_platformdirs(
    kind: str, value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short cut of the fast start and platformdirs never disagree."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    environ = {"HOME": str(tmp_path)}
    if value is not None:
        environ[f"XDG_{kind.upper()}_HOME"] = value
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", value)
    ask = getattr(platformdirs, f"user_{kind}_dir")
    assert user_directory(kind, environ) == ask("packreg", appauthor=False)
