"""Tokens for Google Cloud, from the places that Google's tools and Pulumi look for credentials.

In this order: GOOGLE_CREDENTIALS (their JSON itself) and GOOGLE_OAUTH_ACCESS_TOKEN, as Pulumi has them; the
file that GOOGLE_APPLICATION_CREDENTIALS names; the file that `gcloud auth application-default login` wrote;
and, if that is allowed, the metadata service of a machine of Google Cloud. google-auth understands the files:
users, service accounts, workload identity federation, impersonation. The search itself is here, because
google-auth's own reads the variables of the process and always asks the metadata service.
"""

from __future__ import annotations

import json
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from packreg.errors import StoreRefused, StoreUnavailable
from packreg.files import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packreg.store.connections import HttpConnections

_STORAGE = ("https://www.googleapis.com/auth/devstorage.read_write",)
_MAX_FILE = 256 * 1024
_MAX_ANSWER = 1024 * 1024
#: How many seconds before its end a token of the metadata service is not used any more.
_EARLY = 60
_OF_AWS = "urn:ietf:params:aws:token-type:aws4_request"
#: Type of a file -> the module of google-auth for it, the method, and whether that is told what for.
_LOADERS = {
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info", False),
    "service_account": ("google.oauth2.service_account", "from_service_account_info", True),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
        True,
    ),
    "external_account": ("google.auth.identity_pool", "from_info", True),
    "external_account_authorized_user": ("google.auth.external_account_authorized_user", "from_info", False),
    "aws": ("google.auth.aws", "from_info", True),
    "executable": ("google.auth.pluggable", "from_info", True),
}
_METADATA = "http://metadata.google.internal"
_HINT = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a file of "
    "credentials; on a machine of Google Cloud set registry.instance_role = true"
)


class GoogleCredentials:
    """Gives tokens for `scopes`, and asks for a new one when the last has ended. Threads share one."""

    def __init__(
        self,
        environ: Mapping[str, str],
        connections: HttpConnections,
        *,
        instance_role: bool,
        scopes: Sequence[str] = _STORAGE,
    ) -> None:
        self._environ = environ
        self._connections = connections
        self._instance_role = instance_role
        self._scopes = tuple(scopes)
        self._lock = threading.Lock()
        self._made: Any = None
        self._own = ("", 0.0)

    def token(self) -> str:
        """A token that is valid now.

        Raises:
            StoreRefused: there are no credentials, or they are not accepted.
            StoreUnavailable: whoever gives tokens did not answer.
        """
        environ = self._environ
        text = environ.get("GOOGLE_CREDENTIALS", "")
        if not text and environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
            return environ["GOOGLE_OAUTH_ACCESS_TOKEN"]
        with self._lock:
            path = "" if text else self._file()
            if self._made is None and (text or path):
                self._made = self._read(text, "GOOGLE_CREDENTIALS") if text else self._read_file(path)
            if self._made is not None:
                return self._refreshed()
            if self._instance_role:
                return self._from_metadata()
        raise StoreRefused("there are no credentials for Google Cloud", hint=_HINT)

    def _file(self) -> str:
        named = self._environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
        if named:
            return named
        directory = self._environ.get("CLOUDSDK_CONFIG", "")
        if not directory and self._environ.get("HOME"):
            directory = f"{self._environ['HOME']}/.config/gcloud"
        found = Path(directory, "application_default_credentials.json") if directory else None
        return str(found) if found and found.is_file() else ""

    def _read_file(self, path: str) -> Any:
        try:
            text = read_file(Path(path), _MAX_FILE).decode()
        except (OSError, ValueError) as failed:
            raise StoreRefused(f"the credentials in {path} cannot be read: {failed}", hint=_HINT) from None
        return self._read(text, path)

    def _read(self, text: str, where: str) -> Any:
        """The credentials in a JSON text. Messages never repeat the text, which holds a key."""
        try:
            told = json.loads(text)
            return _credentials(told if isinstance(told, dict) else {}, self._scopes)
        except ImportError as failed:
            raise StoreRefused(
                f"Google Cloud needs google-auth, which is not installed: {failed}",
                hint="pip install 'google-auth>=2.38'",
            ) from None
        except Exception:  # noqa: BLE001 - google-auth raises whatever the file's content leads to
            raise StoreRefused(f"{where} holds no credentials that can be used", hint=_HINT) from None

    def _refreshed(self) -> str:
        from google.auth.exceptions import GoogleAuthError, TransportError

        try:
            if not self._made.valid:
                self._made.refresh(self._ask)
        except TransportError as failed:
            raise StoreUnavailable(f"no token for Google Cloud: {failed}") from None
        except (GoogleAuthError, ValueError) as failed:
            if getattr(failed, "retryable", False):
                raise StoreUnavailable(f"no token for Google Cloud: {failed}") from None
            raise StoreRefused(
                f"the credentials for Google Cloud are refused: {failed}", hint=_HINT
            ) from None
        return str(self._made.token)

    def _ask(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: object
    ) -> _Answer:
        """A request for google-auth, with the interface of `google.auth.transport.Request`."""
        from google.auth.exceptions import TransportError

        data = body.encode() if isinstance(body, str) else body
        try:
            return _Answer(self._connections.request(method, url, body=data, headers=headers))
        except urllib3.exceptions.HTTPError as failed:
            raise TransportError(failed) from failed

    def _from_metadata(self) -> str:
        token, ends = self._own
        if time.monotonic() < ends:
            return token
        host = self._environ.get("GCE_METADATA_HOST", "")
        url = (
            f"{f'http://{host}' if host else _METADATA}/computeMetadata/v1/instance/service-accounts/"
            "default/token"
        )
        try:
            answer = _Answer(
                self._connections.request("GET", url, headers={"Metadata-Flavor": "Google"}, direct=True)
            )
            told = json.loads(answer.data)
            token, ends = str(told["access_token"]), time.monotonic() + float(told["expires_in"]) - _EARLY
        except urllib3.exceptions.HTTPError as failed:
            raise StoreRefused(
                f"there are no credentials for Google Cloud, and no metadata service answers: {failed}",
                hint=_HINT,
            ) from None
        except (ValueError, LookupError, TypeError):
            raise StoreRefused(
                f"the metadata service gives no token: status {answer.status}",
                hint="give this machine a service account that may use the bucket",
            ) from None
        self._own = (token, ends)
        return token


class _Answer:
    """An answer as google-auth wants it: status, headers and the whole body, up to a limit."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        try:
            self.status = response.status
            self.headers = response.headers
            self.data = response.read(_MAX_ANSWER, decode_content=True)
        finally:
            response.close()


def _credentials(told: dict[str, Any], scopes: Sequence[str]) -> Any:
    """The credentials of google-auth for one of its files. Raises whatever google-auth raises."""
    kind = str(told.get("type"))
    if kind == "external_account" and told.get("subject_token_type") == _OF_AWS:
        kind = "aws"
    elif kind == "external_account" and "executable" in told.get("credential_source", {}):
        kind = "executable"
    module, load, told_scopes = _LOADERS[kind]
    extra = {"scopes": scopes} if told_scopes else {}
    return getattr(import_module(module).Credentials, load)(told, **extra)
