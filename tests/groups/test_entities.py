"""Stacks and accounts as people write them."""

from __future__ import annotations

import pytest

from packreg.errors import UsageError
from packreg.groups.entities import account_entity, read_tags, stack_entity


@pytest.mark.parametrize(
    ("text", "name", "backend"),
    [
        ("shop/dev", "organization/shop/dev", ""),
        ("organization/shop/dev", "organization/shop/dev", ""),
        ("acme/shop/dev", "acme/shop/dev", ""),
        ("east-1:shop/dev", "organization/shop/dev", "east-1"),
        ("a.b/c_d-E", "organization/a.b/c_d-E", ""),
    ],
)
def test_a_stack_has_one_whole_name(text: str, name: str, backend: str) -> None:
    """With the one organization of self-managed backends where none is said."""
    entity = stack_entity(text, {"stage": "prod"})
    assert (entity.kind, entity.name, entity.backend) == ("stack", name, backend)
    assert entity.tags == {"stage": "prod"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dev",
        "a/b/c/d",
        "a//dev",
        "../dev",
        "a/.",
        "a/b c",
        "a/*",
        "x" * 101 + "/dev",
        ":a/b",
        "East:a/b",
        "a/b\n",
    ],
)
def test_what_is_no_stack_is_refused_with_the_form(text: str) -> None:
    """The hint shows what to write."""
    with pytest.raises(UsageError) as caught:
        stack_entity(text)
    assert "PROJECT/STACK" in caught.value.hint


def test_an_account_has_a_name_that_can_be_seen() -> None:
    """Anything printable, without space around it, up to the limit."""
    assert account_entity("aws:123 (prod)").name == "aws:123 (prod)"
    assert account_entity("x" * 400).kind == "account"
    for name in ("", " a", "a\n", "a\u202e", "x" * 401):
        with pytest.raises(UsageError):
            account_entity(name)


def test_tags_are_read_once_each() -> None:
    """A value may hold `=` or nothing; a tag without a name or a second value is refused."""
    assert read_tags(["a=b=c", "empty="]) == {"a": "b=c", "empty": ""}
    for tags in (["a"], ["=b"], ["a=1", "a=1"]):
        with pytest.raises(UsageError):
            read_tags(tags)
