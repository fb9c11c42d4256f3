"""Which of the operator's environment variables tools get. Pure.

Of the variables that uv, pip, npm, Node.js, Python, virtualenv and poetry read, those are passed on that say
where packages come from, how the network is reached and where caches are. They are listed by name, since each
new version of a tool reads new variables. All other variables are passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

#: Prefixes, in capitals, of the variables that these tools read.
_TOOLS = (
    *("UV_", "PIP_", "NPM_CONFIG_", "NODE_", "PYTHON", "VIRTUALENV_", "POETRY_", "COREPACK_"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "__PYVENV_LAUNCHER__", "INIT_CWD"),
)
_ALLOWED = frozenset(
    """
    UV_CONFIG_FILE UV_NO_CONFIG UV_CACHE_DIR UV_NO_CACHE UV_OFFLINE UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL
    UV_INDEX UV_FIND_LINKS UV_NO_INDEX UV_KEYRING_PROVIDER UV_NATIVE_TLS UV_SYSTEM_CERTS UV_INSECURE_HOST
    UV_REQUEST_TIMEOUT UV_EXCLUDE_NEWER UV_PRERELEASE UV_RESOLUTION UV_CREDENTIALS_DIR UV_LOCK_TIMEOUT
    PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST PIP_CERT
    PIP_CLIENT_CERT PIP_PROXY PIP_TIMEOUT PIP_DEFAULT_TIMEOUT PIP_RETRIES PIP_CACHE_DIR PIP_NO_CACHE_DIR
    PIP_KEYRING_PROVIDER PIP_PRE PIP_PREFER_BINARY
    NPM_CONFIG_REGISTRY NPM_CONFIG_USERCONFIG NPM_CONFIG_GLOBALCONFIG NPM_CONFIG_CACHE NPM_CONFIG_CA
    NPM_CONFIG_CAFILE NPM_CONFIG_CERT NPM_CONFIG_KEY NPM_CONFIG_STRICT_SSL NPM_CONFIG_PROXY
    NPM_CONFIG_HTTPS_PROXY NPM_CONFIG_HTTP_PROXY NPM_CONFIG_NOPROXY NPM_CONFIG_OFFLINE
    NPM_CONFIG_PREFER_OFFLINE NPM_CONFIG_MAXSOCKETS NPM_CONFIG_BEFORE NPM_CONFIG_MIN_RELEASE_AGE
    NPM_CONFIG_REPLACE_REGISTRY_HOST NPM_CONFIG_LOCAL_ADDRESS
    NODE_EXTRA_CA_CERTS NODE_AUTH_TOKEN NODE_USE_SYSTEM_CA NODE_USE_ENV_PROXY NODE_TLS_REJECT_UNAUTHORIZED
    PYTHONUTF8 PYTHONIOENCODING PYTHON_KEYRING_BACKEND
    POETRY_CACHE_DIR POETRY_CONFIG_DIR POETRY_DATA_DIR POETRY_PYPI_MIRROR_URL
    """.split()  # noqa: SIM905 - seventy quoted names would be harder to read
)
#: Groups of allowed variables, by how they begin: named indexes with credentials, registries of scopes,
#: network.
_ALLOWED_GROUPS = (
    *("UV_INDEX_", "UV_HTTP_", "UV_CONCURRENT_", "NPM_CONFIG_@", "NPM_CONFIG_//", "NPM_CONFIG_FETCH_"),
    *("POETRY_HTTP_BASIC_", "POETRY_PYPI_TOKEN_", "POETRY_CERTIFICATES_", "POETRY_REQUESTS_"),
)
#: Variables that name a configuration file.
FILES = ("UV_CONFIG_FILE", "PIP_CONFIG_FILE", "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG")
_QUIET = {
    "NO_COLOR": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "npm_config_update_notifier": "false",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_progress": "false",
    "npm_config_color": "false",
}


def tool_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for a tool: `environ` without those that are not allowed, plus some that keep it quiet.

    `npm run` puts the settings of the project's .npmrc into variables in small letters. These are left out,
    so that npm reads the user's own .npmrc.
    """
    below_npm = "npm_lifecycle_event" in environ or "npm_execpath" in environ
    kept = {
        name: value
        for name, value in environ.items()
        if _is_allowed(name.upper()) and not (below_npm and name.startswith("npm_"))
    }
    return kept | _QUIET


def _is_allowed(name: str) -> bool:
    return not name.startswith(_TOOLS) or name in _ALLOWED or name.startswith(_ALLOWED_GROUPS)


def named_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """The configuration files that variables name, by the name of the variable."""
    return {name: Path(value) for name, value in environ.items() if name.upper() in FILES and value}
