"""Which of the operator's variables tools are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.install.home import Home
from packreg.install.tool_environment import named_files, tool_environment
from packreg.install.tools import Tools


def test_the_operators_configuration_reaches_tools(home: Home) -> None:
    """Indexes, proxies and certificates are passed on; what would redirect the tool's output is not."""
    kept = {
        "UV_DEFAULT_INDEX": "https://a",
        "PIP_INDEX_URL": "https://b",
        "HTTPS_PROXY": "c",
        "SSL_CERT_FILE": "d",
    }
    kept |= {"npm_config_registry": "https://e", "HOME": "/home/me"}
    dropped = {
        "VIRTUAL_ENV": "x",
        "pip_target": "x",
        "NODE_OPTIONS": "x",
        "npm_config_prefix": "x",
        "PYTHONPATH": "x",
    }
    environment = Tools(home, kept | dropped).environment
    assert kept.items() <= environment.items() and not dropped.keys() & environment.keys()
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"


TOOLS = ("UV_", "PIP_", "NPM_CONFIG_", "NODE_", "PYTHON", "VIRTUALENV_", "POETRY_", "COREPACK_")


@given(st.sampled_from(TOOLS), st.text("ABCXYZ_", min_size=1, max_size=9), st.booleans())
def test_what_a_newer_tool_reads_is_not_passed_on(tool: str, name: str, small: bool) -> None:
    """What is on no list is left out, in large letters and in small ones, since npm reads both."""
    variable = f"{tool}{name}X"
    found = tool_environment({variable.lower() if small else variable: "x"})
    assert found == tool_environment({})


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("UV_INDEX_CORP_PASSWORD", True),
        ("npm_config_@corp:registry", True),
        ("npm_config_//host/:_authToken", True),
        ("POETRY_HTTP_BASIC_CORP_USERNAME", True),
        ("PYTHONPATH", False),
        ("PYTHONUTF8", True),
        ("VIRTUAL_ENV", False),
        ("VIRTUAL_ENVIRONS", False),
        ("AWS_PROFILE", True),
        ("LD_LIBRARY_PATH", True),
    ],
)
def test_where_packages_come_from_is_passed_on(name: str, passed: bool) -> None:
    """Indexes, credentials and scopes reach a tool; what would change what it runs does not."""
    assert (tool_environment({name: "x"}).get(name) == "x") == passed


def test_what_keeps_tools_quiet_wins() -> None:
    """Nobody has uv download interpreters, whatever is set."""
    assert tool_environment({"UV_PYTHON_DOWNLOADS": "always"})["UV_PYTHON_DOWNLOADS"] == "never"


@pytest.mark.parametrize("below", ["npm_lifecycle_event", "npm_execpath"])
def test_below_npm_what_npm_set_is_left_out(below: str) -> None:
    """There the settings of the project's .npmrc look like the operator's."""
    environ = {"npm_config_registry": "https://evil", "NPM_CONFIG_CA": "x"}
    assert environ.items() <= tool_environment(environ).items()
    found = tool_environment(environ | {below: "x"})
    assert "npm_config_registry" not in found and found["NPM_CONFIG_CA"] == "x"


def test_the_configuration_files_that_are_named_are_known() -> None:
    """In large and small letters; an empty one names none."""
    environ = {"UV_CONFIG_FILE": "uv.toml", "npm_config_userconfig": "/n", "PIP_CONFIG_FILE": "", "X": "y"}
    assert named_files(environ) == {"UV_CONFIG_FILE": Path("uv.toml"), "npm_config_userconfig": Path("/n")}
