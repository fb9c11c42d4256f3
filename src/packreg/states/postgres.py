"""A PostgreSQL database from which states are read, as the Pulumi CLI (3.259 to 3.276) keeps them there.

`postgres://user@host/database?sslmode=…&table=T`. Files are the rows of one table, `pulumi_state` by default:
`key` is the file's name, `data` the JSON `{"data": "<base64 of the file>"}`, `updated_at` when it was
written. Keys begin with the database's name, since that is the path of the URL; where the database is named
by `?dbname=` instead, they do not. The CLI writes the table's name without quotes, so that upper case means
lower case.

A role that may only SELECT is enough. Every transaction is read-only and has a time limit, and the size of a
file is known before it is sent. As for the CLI, a connection is encrypted unless the URL or PGSSLMODE says
otherwise, and what the URL leaves open comes from the variables and files of PostgreSQL's own clients
(PGPASSWORD, ~/.pgpass). The password is in no message.
"""

from __future__ import annotations

import base64
import re
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.pq import Conninfo

from packreg.errors import InvalidState, NotFound, PackregError, StoreRefused, StoreUnavailable, UsageError
from packreg.states.place_entry import POSTGRES_TABLE, PlaceEntry
from packreg.store.url import query_options
from packreg.text import one_line

_Connection = psycopg.Connection[tuple[Any, ...]]
_Rows = list[tuple[Any, ...]]

_TABLE = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_$]{0,62})\.)?([A-Za-z_][A-Za-z0-9_$]{0,62})")
_WRITTEN = "write postgres://user@host/database?sslmode=verify-full"
#: Parameters that the PostgreSQL library is given as they are.
_PASSED_ON = (
    *("host", "hostaddr", "port", "user", "password", "passfile", "dbname", "options", "service"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslsni", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname"),
    *("connect_timeout", "application_name", "target_session_attrs", "load_balance_hosts"),
)
#: Parameters of the CLI's library that do not change what is read.
_PASSED_OVER = (
    *("binary_parameters", "disable_prepared_binary_result", "fallback_application_name"),
    *("client_encoding", "datestyle", "tz", "geqo", "min_protocol_version", "max_protocol_version"),
)
_ALWAYS = {
    "application_name": "packreg",
    "client_encoding": "UTF8",
    # a server that is gone is noticed within a minute
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_TIME_LIMIT = "SET LOCAL statement_timeout = '300s'"
_PAGE = 1000
_LONGEST_KEY = 1024  # bytes; the names of projects and stacks have at most 100 each
_READ = """
SELECT octet_length(content), CASE WHEN octet_length(content) <= %s THEN content END
FROM (SELECT data ->> 'data' AS content FROM {table} WHERE key = %s::text OFFSET 0) AS file
"""
_LIST = f"""
SELECT key, extract(epoch FROM updated_at)::float8 FROM {{table}}
WHERE starts_with(key, %s::text) AND key COLLATE "C" > %s::text AND octet_length(key) <= {_LONGEST_KEY}
ORDER BY key COLLATE "C" LIMIT {_PAGE}
"""  # noqa: S608 - two numbers of this module; LIKE would read the _ of names as any character
_ANSWERED = re.compile(r"FATAL:|no password supplied|does not support SSL|certificate")
_BUSY = re.compile(r"starting up|shutting down|too many|remaining connection slots|recovery")


class PostgresLocation(NamedTuple):
    """A parsed URL: `connection` are the parameters of PostgreSQL's library, `table` is `[schema, ]name`.

    `prefix` is what keys begin with, `host` the server as messages name it, `named` the part of the query
    that messages need.
    """

    connection: dict[str, str]
    table: tuple[str, ...]
    prefix: str
    host: str
    named: str


def parse_postgres(url: str) -> PostgresLocation:
    """Parse a `postgres://` URL as the CLI reads it. Raises UsageError without any part of the password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", str(parts.port or "")
        words = {"user": parts.username or "", "password": parts.password or "", "dbname": parts.path[1:]}
        given = {name: unquote(value, errors="strict") for name, value in words.items() if value}
    except ValueError:
        given = {}
        parts = None
    # a `?` or `#` of a password ends the host: what follows must not get into a message
    if (
        parts is None
        or not url.isprintable()
        or parts.fragment
        or ("@" in parts.query and not parts.username)
    ):
        raise UsageError(
            "the postgres:// location is not a URL",
            hint=f"{_WRITTEN}; in a password, / ? # @ and % are written %2F %3F %23 %40 and %25",
        )
    given |= {name: value for name, value in (("host", host), ("port", port)) if value}
    query = query_options(parts.query, ("table", "search_path", *_PASSED_ON, *_PASSED_OVER))
    if twice := sorted(given.keys() & query.keys()):
        raise UsageError(f"the postgres:// location names its {twice[0]} twice", hint=_WRITTEN)
    table = _TABLE.fullmatch(query.get("table", POSTGRES_TABLE))
    if table is None:
        raise UsageError(
            f"{query['table'][:200]!r} cannot be the table of a backend",
            hint="write table=NAME with letters, digits and _; the CLI does not quote it",
        )
    name = ".".join(part.lower() for part in table.groups() if part)
    named = [f"dbname={query['dbname']}"] if "dbname" in query else []
    named += [f"table={name}"] if name != POSTGRES_TABLE else []
    prefix = given.get("dbname", "").lstrip("/")
    given |= {word: query[word] for word in _PASSED_ON if word in query}
    if path := query.get("search_path"):
        escaped = re.sub(r"([\\\s])", r"\\\1", path)
        given["options"] = f"{given.get('options', '')} -c search_path={escaped}".strip()
    shown = given.get("host", "")
    if given.get("port", "5432") != "5432":
        shown += f":{given['port']}"
    return PostgresLocation(
        given, tuple(name.split(".")), f"{prefix.rstrip('/')}/" if prefix else "", shown, "&".join(named)
    )


class PostgresPlace:
    """The table of a backend. May be used by several threads; each has a connection of its own."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet. Raises UsageError: the URL cannot be read."""
        self._location = parse_postgres(url)
        self._idle: list[_Connection] = []
        weakref.finalize(self, _close, self._idle)

    def read(self, name: str, limit: int) -> bytes:
        """See `Place`."""
        where = self.describe(name)
        rows = self._ask(_READ, 4 * ((limit + 2) // 3), self._location.prefix + name, name=name)
        if not rows:
            raise NotFound(f"there is no {where}")
        size, content = rows[0]
        if size is None:
            raise InvalidState(f"{where} is not a file of a backend: its row has no text named data")
        try:
            data = None if content is None else base64.b64decode(content, validate=True)
        except ValueError:
            raise InvalidState(f"{where} is damaged: its row is not base64") from None
        if data is None or len(data) > limit:
            raise InvalidState(f"{where} has more than {limit} bytes")
        return data

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """See `Place`."""
        start, after = self._location.prefix, ""
        while True:
            rows = self._ask(_LIST, start + prefix, after, name=prefix)
            for key, modified in rows:
                yield PlaceEntry(key[len(start) :], modified)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def describe(self, name: str = "") -> str:
        """See `Place`."""
        where = f"postgres://{self._location.host}/{self._location.prefix}{name}"
        return f"{where}?{self._location.named}" if self._location.named else where

    def _ask(self, query: str, *values: object, name: str) -> _Rows:
        """The rows of a query, in a transaction of its own. Raises as `read`."""
        while True:
            kept: _Connection | None = None
            with suppress(IndexError):
                kept = self._idle.pop()
            connection = kept or self._connect()
            try:
                with connection.transaction():
                    connection.execute(_TIME_LIMIT)
                    whole = sql.SQL(query).format(table=sql.Identifier(*self._location.table))
                    rows = connection.execute(whole, values).fetchall()
            except UnicodeDecodeError:
                connection.close()
                raise InvalidState(f"{self.describe(name)} is not text in UTF-8") from None
            except psycopg.Error as error:
                gone = connection.broken
                connection.close()
                if kept is not None and gone:
                    continue  # the server closed it while nobody used it
                raise self._translated(error, name) from None
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return rows

    def _connect(self) -> _Connection:
        words = _ALWAYS | self._location.connection
        given = {option.keyword.decode(): option for option in Conninfo.get_defaults()}
        if not (words.get("host") or words.get("hostaddr") or words.get("service") or given["host"].val):
            words["host"] = "localhost"
        # the CLI's library wants encryption by default, PostgreSQL's does without where there is none
        unset = given["sslmode"].val in (None, given["sslmode"].compiled)
        if unset and not words.keys() & {"sslmode", "service"} and words.get("sslrootcert") != "system":
            words["sslmode"] = "require"
        try:
            # prepared statements would not survive a pool between us and the server
            made = psycopg.connect(**words, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
            made.read_only = True
        except (psycopg.Error, UnicodeError) as error:
            raise self._unconnected(str(error)) from None
        return made

    def _unconnected(self, said: str) -> PackregError:
        message = f"{self.describe()} cannot be reached: {self._harmless(said)}"
        if _ANSWERED.search(said) and not _BUSY.search(said):
            return StoreRefused(
                message,
                hint="the URL names user, database and sslmode; the password is in PGPASSWORD or ~/.pgpass",
            )
        return StoreUnavailable(
            message, hint="see whether the URL's host and port are right, and the server runs"
        )

    def _translated(self, error: psycopg.Error, name: str) -> PackregError:
        table, where = ".".join(self._location.table), self.describe(name)
        if error.sqlstate in ("42P01", "3F000"):
            return NotFound(
                f"{self.describe()} is no backend: the database has no table {table}",
                hint="is it the database of `pulumi login`? another table is named by ?table=NAME",
            )
        if error.sqlstate == "42501":
            return StoreRefused(
                f"{where} may not be read: {self._harmless(str(error))}",
                hint=f"the role needs: GRANT SELECT ON {table} TO …, and USAGE of its schema",
            )
        if error.sqlstate in ("42703", "42883", "42809", "22P02"):
            return InvalidState(
                f"the table {table} at {self.describe()} is not one of Pulumi's: {self._harmless(str(error))}"
            )
        return StoreUnavailable(f"{where} cannot be read: {self._harmless(str(error))}")

    def _harmless(self, said: str) -> str:
        """What a server or the library says, in one line and without the password."""
        if password := self._location.connection.get("password"):
            said = said.replace(password, "***")
        return one_line(said, 500)


def _close(connections: list[_Connection]) -> None:
    while connections:
        with suppress(Exception):  # it is of no use any more
            connections.pop().close()
