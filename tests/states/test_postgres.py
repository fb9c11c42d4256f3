"""URLs of PostgreSQL backends, and what is said where no server answers; servers are in tests/servers."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from packreg.errors import PackregError, StoreUnavailable, UsageError
from packreg.states.places import open_place
from packreg.states.postgres import PostgresPlace, parse_postgres


@pytest.mark.parametrize(
    ("url", "prefix", "table", "shown"),
    [
        ("postgres://me@db.example/states", "states/", ("pulumi_state",), "postgres://db.example/states/"),
        ("postgres://db:5432/a_b", "a_b/", ("pulumi_state",), "postgres://db/a_b/"),
        ("postgres://db:6432/my%20db", "my db/", ("pulumi_state",), "postgres://db:6432/my db/"),
        ("postgres://db/s?table=Odd_Table", "s/", ("odd_table",), "postgres://db/s/?table=odd_table"),
        ("postgres://db/s?table=Ops.State", "s/", ("ops", "state"), "postgres://db/s/?table=ops.state"),
        ("postgres://db?dbname=s", "", ("pulumi_state",), "postgres://db/?dbname=s"),
        ("postgres:///s?host=/run/postgresql", "s/", ("pulumi_state",), "postgres:///run/postgresql/s/"),
    ],
)
def test_a_url_is_read_as_the_cli_reads_it(url: str, prefix: str, table: tuple[str, ...], shown: str) -> None:
    """Keys begin with the path, tables without quotes are in lower case, and messages name neither user."""
    found = parse_postgres(url)
    assert (found.prefix, found.table) == (prefix, table)
    assert PostgresPlace(url).describe() == shown


def test_what_the_library_is_given() -> None:
    """User and password unescaped, its own parameters as they are, those of the CLI's library left out."""
    url = "postgres://me:p%40ss%2Fw@db:6432/s?sslmode=disable&binary_parameters=yes&search_path=a%20b,c"
    assert parse_postgres(url).connection == {
        "user": "me",
        "password": "p@ss/w",
        "host": "db",
        "port": "6432",
        "dbname": "s",
        "sslmode": "disable",
        "options": r"-c search_path=a\ b,c",
    }


@pytest.mark.parametrize(
    "table",
    [
        'x"; DROP TABLE y; --',
        "a.b.c",
        "1x",
        "a b",
        "x;",
        "größe",
        "x" * 64,
        "a.",
        ".a",
        "x\\",
        "x--",
        "f()",
        "x%s",
    ],
)
def test_a_table_that_is_no_plain_name_is_refused(table: str) -> None:
    """It becomes part of SQL."""
    from urllib.parse import quote

    with pytest.raises(UsageError, match="cannot be the table"):
        parse_postgres(f"postgres://db/s?table={quote(table)}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://me:sec/ret@db/s", "not a URL"),
        ("postgres://me:sec#ret@db/s", "not a URL"),
        ("postgres://me:sec?ret@db/s", "not a URL"),
        ("postgres://me:12?sec=ret@db/s", "not a URL"),
        ("postgres://me:secret@db:port/s", "not a URL"),
        ("postgres://me:secret@db/s\n", "not a URL"),
        ("postgres://me:secret%ff@db/s", "not a URL"),
        ("postgres://me:secret@[db/s", "not a URL"),
        ("postgres://me:secret@db/s?user=you", "names its user twice"),
        ("postgres://me:secret@db/s?table=a&table=b", "given twice"),
        ("postgres://me:secret@db/s?log_statement=all", "unknown option 'log_statement'"),
    ],
)
def test_what_cannot_be_read_is_refused_without_the_password(url: str, said: str) -> None:
    """Whoever reads the message or a log of it learns no part of it."""
    with pytest.raises(UsageError, match=said) as refused:
        parse_postgres(url)
    assert "sec" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("url", ["postgres://me:secret@127.0.0.1:1/s", "postgres://me:secret@host.invalid/s"])
def test_a_server_that_does_not_answer_is_said(url: str) -> None:
    """Which one, why, and no password."""
    place = PostgresPlace(url)
    with pytest.raises(StoreUnavailable, match=r"postgres://\S+/s/ cannot be reached") as error:
        place.read("x", 10)
    assert "secret" not in str(error.value)
    with pytest.raises(StoreUnavailable):
        list(place.list(""))


def test_the_password_is_taken_out_of_what_others_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the library repeats what it was given."""

    def fail(**words: Any) -> None:
        raise psycopg.OperationalError(f"cannot use {words}\nat all")

    monkeypatch.setattr(psycopg, "connect", fail)
    with pytest.raises(PackregError, match="at all") as error:
        PostgresPlace("postgres://me:hunter2@db/s").read("x", 10)
    assert "hunter2" not in str(error.value)


def test_without_the_library_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency of everybody."""
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "psycopg":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "packreg.states.postgres")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="read with psycopg") as error:
        open_place("postgres://db/s", cwd=Path("/"))
    assert "psycopg[binary]" in error.value.hint
