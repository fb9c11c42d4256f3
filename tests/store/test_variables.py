"""What variables of the environment say of where a bucket is."""

from __future__ import annotations

import pytest

from packreg.store.url import parse_location
from packreg.store.variables import VARIABLES, from_variables


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("s3://b", {"AWS_ENDPOINT_URL": "http://h:1"}, {"endpoint_url": ("http://h:1", "AWS_ENDPOINT_URL")}),
        (
            "s3://b?region=x",
            {"AWS_ENDPOINT_URL": "http://h:1", "AWS_ENDPOINT_URL_S3": "http://h:2"},
            {"endpoint_url": ("http://h:2", "AWS_ENDPOINT_URL_S3")},
        ),
        ("s3://b?endpoint=h", {"AWS_ENDPOINT_URL": "http://h:1"}, {}),
        ("s3://b?endpoint_url=http://h", {"AWS_ENDPOINT_URL": "http://h:1"}, {}),
        (
            "gs://b",
            {"STORAGE_EMULATOR_HOST": "127.0.0.1:4443", "AWS_ENDPOINT_URL": "http://h:1"},
            {"endpoint_url": ("http://127.0.0.1:4443", "STORAGE_EMULATOR_HOST")},
        ),
        (
            "GS://b",
            {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:4443"},
            {"endpoint_url": ("http://127.0.0.1:4443", "STORAGE_EMULATOR_HOST")},
        ),
        (
            "azblob://c?storage_account=named",
            {
                "AZURE_STORAGE_ACCOUNT": "other",
                "AZURE_STORAGE_DOMAIN": "h:1",
                "AZURE_STORAGE_PROTOCOL": "http",
                "AZURE_STORAGE_IS_LOCAL_EMULATOR": "true",
            },
            {
                "protocol": ("http", "AZURE_STORAGE_PROTOCOL"),
                "domain": ("h:1", "AZURE_STORAGE_DOMAIN"),
                "localemu": ("true", "AZURE_STORAGE_IS_LOCAL_EMULATOR"),
            },
        ),
        ("/directory", {"AWS_ENDPOINT_URL": "http://h:1", "STORAGE_EMULATOR_HOST": "h:1"}, {}),
        ("gs://b", {"STORAGE_EMULATOR_HOST": ""}, {}),
    ],
)
def test_variables_give_what_the_url_leaves_open(
    url: str, environ: dict[str, str], expected: dict[str, tuple[str, str]]
) -> None:
    """What the URL says itself counts, in either word; only variables of its own cloud are asked."""
    assert from_variables(url, environ) == expected


def test_every_option_is_one_that_locations_have() -> None:
    """Whatever a variable gives is an option that the location of that kind is read with."""
    values = {"localemu": "true", "protocol": "http", "storage_account": "ours", "domain": "h:1"}
    for scheme, options in VARIABLES.items():
        for option in options:
            value = values.get(option, "http://h:1")
            assert value in parse_location(f"{scheme}://bucket?{option}={value}", cwd="/").shown
