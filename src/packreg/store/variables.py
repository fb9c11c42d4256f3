"""Options of a location that variables of the environment give: those of the clouds' own tools and of Pulumi.

Only the options that say where something is. They become part of the URL, which identifies the registry: two
servers with a bucket of the same name must not share one cache. Credentials are read by `s3`, `google` and
`azure`. On the fast path of a no-op install, so nothing is imported that another cloud does not need.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: Scheme -> option of the URL -> variables, of which the first that is set counts.
VARIABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "s3": {"endpoint_url": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")},
    "gs": {"endpoint_url": ("STORAGE_EMULATOR_HOST",)},
    "azblob": {
        "storage_account": ("AZURE_STORAGE_ACCOUNT",),
        "protocol": ("AZURE_STORAGE_PROTOCOL",),
        "domain": ("AZURE_STORAGE_DOMAIN",),
        "localemu": ("AZURE_STORAGE_IS_LOCAL_EMULATOR",),
    },
}
_OTHER_WORDS = {"endpoint_url": "endpoint"}


def from_variables(url: str, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Option -> value and variable, for every option that the URL leaves open and a variable gives.

    STORAGE_EMULATOR_HOST may be with or without `http://`: Go's and Python's libraries want different ones.
    """
    query, scheme = url.partition("?")[2], url.partition("://")[0].lower()
    given = dict(pair.partition("=")[::2] for pair in query.split("&"))
    found = {}
    for option, names in VARIABLES.get(scheme, {}).items():
        name = next((name for name in names if environ.get(name)), "")
        if name and option not in given and _OTHER_WORDS.get(option) not in given:
            value = environ[name]
            if name == "STORAGE_EMULATOR_HOST" and "://" not in value:
                value = f"http://{value}"
            found[option] = (value, name)
    if scheme == "azblob" and environ.get("AZURE_STORAGE_CONNECTION_STRING"):
        from packreg.store.azure_connection import CONNECTION, connection_string

        said = connection_string(environ[CONNECTION])
        account = given.get("storage_account") or found.get("storage_account", ("",))[0]
        if account in ("", said.get("storage_account")):
            options = VARIABLES[scheme].keys() - given.keys() - found.keys()
            found |= {option: (said[option], CONNECTION) for option in options if said.get(option)}
    return found
