"""Entities: what a stack is called, and what it is called in its backend."""

from __future__ import annotations

import pytest

from packreg.groups.model import DEFAULT_AUDIT, Entity
from tests.groups.governance import group

NAME = "organization/shop/dev"


@pytest.mark.parametrize(
    ("entity", "several", "inside", "backend"),
    [
        (Entity("stack", NAME), False, NAME, ""),
        (Entity("stack", NAME, backend="east"), False, NAME, "east"),
        (Entity("stack", f"west:{NAME}", backend="east"), True, NAME, "west"),
        (Entity("account", "aws:123", backend="east"), False, "aws:123", "east"),
    ],
)
def test_a_stack_of_several_backends_has_its_backends_name(
    entity: Entity, several: bool, inside: str, backend: str
) -> None:
    """Its name says the backend, which then counts; a colon in an account's name means nothing."""
    assert (entity.is_one_of_several, entity.in_its_backend, entity.of_backend) == (several, inside, backend)
    assert str(entity) == entity.name


def test_default_groups_are_known_by_their_names() -> None:
    """Whatever else they say."""
    assert group(DEFAULT_AUDIT).is_default and not group("default").is_default
