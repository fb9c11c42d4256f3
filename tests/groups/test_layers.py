"""The layers that an entry of a group means."""

from __future__ import annotations

import pytest

from packreg.configuration.file import Setting
from packreg.environments.opened import Opened
from packreg.errors import InvalidConfiguration
from packreg.groups.decision import GroupRequest
from packreg.groups.layers import layers_of, shown_layers_of
from packreg.groups.model import PackEntry
from packreg.pack.version import Version

OPENED = Opened(
    "environment prod@3",
    ("prod@3",),
    policy_config={
        "kept": {"days": 9.0, "token": "swordfish"},
        "guard:private": "mandatory",
        "other:x": "disabled",
    },
    shown={
        "policyConfig": {
            "kept": {"days": 9.0, "token": "[secret]"},
            "guard:private": "mandatory",
            "other:x": "disabled",
        }
    },
    secrets=frozenset({"swordfish"}),
)


def asked(**config: object) -> GroupRequest:
    """An entry of the group prod."""
    entry = PackEntry("guard", "1.0.0", "2026-01-01T00:00:00.000000Z", config, ("prod",))
    return GroupRequest("prod", entry, Version("1.0.0"))


def test_environments_come_before_the_entry() -> None:
    """The entry's own configuration is the stronger, and each layer is called after where it is from."""
    environment, entry = layers_of(asked(kept="disabled"), OPENED)
    assert (environment.where, entry.where) == ("environment prod@3", "group prod")
    assert environment.settings == {
        "kept": Setting("", {"days": 9.0, "token": "swordfish"}),
        "private": Setting("mandatory"),
    }
    assert entry.settings == {"kept": Setting("disabled")}


def test_what_sets_nothing_is_no_layer() -> None:
    """A pack that takes no configuration must not be given any."""
    assert layers_of(asked(), None) == []
    assert layers_of(asked(), Opened("environment empty@1")) == []


def test_people_do_not_see_secrets() -> None:
    """The layers that are shown have "[secret]" where the pack gets the value."""
    environment, _ = shown_layers_of(asked(kept="disabled"), OPENED)
    assert environment.settings["kept"].properties == {"days": 9.0, "token": "[secret]"}
    assert "swordfish" not in repr(shown_layers_of(asked(kept="disabled"), OPENED))


def test_what_is_no_configuration_is_refused() -> None:
    """An entry with a level that there is not names its group."""
    with pytest.raises(InvalidConfiguration, match="group prod"):
        layers_of(asked(kept="strict"), None)
