"""Scalars without quotes, as yaml.v3 reads them."""

from __future__ import annotations

import pytest

from packreg.environments.scalars import is_text, scalar_value
from packreg.pack.strict_yaml import Position, Scalar

HERE = Position(1, 1, 0, 0)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        *(("", None), ("~", None), ("null", None), ("NULL", None), ("true", True), ("False", False)),
        *(
            ("0", 0),
            ("-0", 0),
            ("+5", 5),
            ("1_000", 1000),
            ("0x1f", 31),
            ("-0x1F", -31),
            ("0o17", 15),
            ("0b101", 5),
        ),
        *(
            ("017", 15),
            ("08", 8),
            ("09.5", 9.5),
            ("1.", 1),
            (".5", 0.5),
            ("1e3", 1000),
            ("2.50", 2.5),
            ("1e21", 1e21),
        ),
        *(("2026-01-01", "2026-01-01"), ("2026-01-01 12:00", "2026-01-01 12:00")),
    ],
)
def test_scalars_mean_what_they_mean_to_esc(text: str, data: object) -> None:
    """Numbers in all bases, words for nothing, true and false, and dates as texts."""
    found = scalar_value(Scalar(text, "", HERE)).data
    assert (found, type(found)) == (data, type(data))
    assert is_text(Scalar(text, "", HERE)) == isinstance(data, str)


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".nan", "1e999", "9" * 500])
def test_numbers_that_json_has_not_are_refused(text: str) -> None:
    """Infinity, what is no number, and numbers without end."""
    with pytest.raises(ValueError, match=r"not values|too many digits"):
        scalar_value(Scalar(text, "", HERE))


def test_quotes_make_a_text() -> None:
    """Whatever stands in them, and so do yes, no and versions."""
    assert is_text(Scalar("5", '"', HERE))
    for text in ("yes", "no", "on", "1.2.3", "text"):
        assert is_text(Scalar(text, "", HERE))
