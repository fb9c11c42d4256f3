"""The settings of one run as whoever asks for one reads them."""

from __future__ import annotations

import pytest

from packreg.settings.file import KEYS
from packreg.settings.values import ANSWER_SECONDS, DEFAULT, Settings


@pytest.fixture
def settings() -> Settings:
    """Settings that nobody set."""
    return Settings()


def test_the_nearest_source_counts(settings: Settings) -> None:
    """Who puts first is nearer; value and origin stay together."""
    settings.put("registry.url", "/mine", "--registry")
    settings.put("registry.url", "/default", DEFAULT)
    assert (settings.registry, settings.origins["registry.url"]) == ("/mine", "--registry")
    assert not settings.registry_is_default


def test_without_a_word_from_anybody_the_closed_value_counts(settings: Settings) -> None:
    """No http, no instance role, no function that reaches out, no program that somebody named."""
    assert not settings.allow_http and not settings.instance_role
    assert (settings.opa_functions, settings.named_tools, settings.backends) == ([], {}, {})
    assert (settings.python, settings.opa_analyzer, settings.esc, settings.secrets) == (None, None, "", "")
    assert settings.answer_seconds == ANSWER_SECONDS and settings.limits == {}


def test_tables_are_read_by_their_names(settings: Settings) -> None:
    """Tools, limits, functions and backends without what stands beside them."""
    settings.put("tools.node", "/n", "x")
    settings.put("tools.opa_functions", "http.send, net.lookup_ip_addr,", "x")
    settings.put("limits.members", 7, "x")
    settings.put("backends.west", "s3://b", "x")
    settings.put("backends.east", "s3://a\ns3://copy", "x")
    assert settings.named_tools == {"node": "/n"}
    assert settings.opa_functions == ["http.send", "net.lookup_ip_addr"]
    assert settings.limits == {"members": 7}
    assert list(settings.backends.items()) == [("east", ["s3://a", "s3://copy"]), ("west", ["s3://b"])]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("registry.allow_http", "allow_http"),
        ("registry.instance_role", "instance_role"),
        ("registry.answer_seconds", "answer_seconds"),
        ("registry.replica_lag_seconds", "replica_lag_seconds"),
        ("registry.ca_bundle", "ca_bundle"),
        ("install.home", "home"),
        ("install.python", "python"),
        ("analysis.opa_analyzer", "opa_analyzer"),
        ("environments.secrets", "secrets"),
        ("environments.esc", "esc"),
    ],
)
def test_each_is_the_value_of_its_key(settings: Settings, key: str, name: str) -> None:
    """A key that a file may say is what is read under its name."""
    value = {str: "x", int: 17, bool: True}[KEYS[key]]
    settings.put(key, value, "file")
    assert getattr(settings, name) == value
