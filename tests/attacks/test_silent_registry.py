"""A registry that takes connections and says nothing holds every deployment."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User, user  # noqa: F401  the fixture
from tests.cli.governed import GOOD, write_state
from tests.store.silent_server import silent_server


@pytest.mark.parametrize(
    "words",
    [("required", "shop/dev"), ("enforce", "shop/dev", "--state", "state.json")],
    ids=lambda words: words[0],
)
def test_a_bucket_says_nothing(user: User, words: tuple[str, ...]) -> None:  # noqa: F811
    """Whoever judges says what is waited for, gives up after the time that is set, and ends at once."""
    write_state(user.directory / "state.json", "shop", "dev", GOOD)
    config = user.top / "user" / ".config" / "packreg"
    config.mkdir(parents=True)
    (config / "packreg.toml").write_text("[registry]\nanswer_seconds = 3\n")
    user.extra |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    with silent_server() as url:
        user.extra["PACKREG_REGISTRY"] = f"s3://policies/packs?endpoint_url={url}&region=us-east-1"
        done = user.process(*words)  # ends while the server is silent, though a request waits 30 s for it
    assert done.returncode == 9
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith("waiting for s3://policies/packs?endpoint_url=")
    assert "gave no answer for 3 s" in lines[1]
