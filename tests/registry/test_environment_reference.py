"""References to environments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.registry.environment_reference import EnvironmentReference


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("my-env", ("my-env", 0, "", False)),
        ("my-env@3", ("my-env", 3, "", False)),
        ("my-env@stable", ("my-env", 0, "stable", False)),
        ("my-env@v1", ("my-env", 0, "v1", False)),
        ("a.b_c@2026-01/Rc+1", ("a.b_c", 0, "2026-01/Rc+1", False)),
        ("my-env@latest", ("my-env", 0, "", False)),
        ("esc:acme/web/prod", ("acme/web/prod", 0, "", True)),
        ("esc:acme/prod@3", ("acme/prod@3", 0, "", True)),
    ],
)
def test_references_are_read(text: str, reference: tuple[str, int, str, bool]) -> None:
    """Only digits are a revision, anything else is a tag; `latest` is the newest, and ESC's are passed on."""
    assert EnvironmentReference.parse(text) == reference
    assert EnvironmentReference.parse(str(EnvironmentReference.parse(text))) == reference


@pytest.mark.parametrize(
    "text",
    [
        *("", "@3", "Env", "a/b", "../x", "a@", "a@0", "a@00", "a@-1", "a@9999999999", "a@x y", "a@b@c", "ü"),
        *("esc:", "esc:prod", "esc:a/b/c/d", "esc:a/-rf", "esc:--help/x", "esc:a/b c", "esc:a/b@", "a" * 101),
        *("-a", "a\n"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    """Nothing that a key, a program's arguments or a person could misread."""
    with pytest.raises(UsageError):
        EnvironmentReference.parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """And what was read is written as it was, but for `latest`."""
    try:
        reference = EnvironmentReference.parse(text)
    except UsageError:
        return
    assert str(reference) == text.removesuffix("@latest")
