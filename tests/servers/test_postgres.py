"""States in a real PostgreSQL: what holds for directories and buckets holds there too, and its own ways."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound, PackregError, StoreRefused, StoreUnavailable
from packreg.states.backend import list_stacks
from packreg.states.places import Place, open_place
from packreg.states.postgres import PostgresPlace
from packreg.states.stack_tags import read_stack_tags
from packreg.states.update_history import list_changes, read_change
from tests.servers.conftest import unavailable
from tests.servers.postgres import PostgresServer, missing_postgres, postgres
from tests.states import test_backend
from tests.states.conftest import Backend

_numbers = itertools.count()
_TABLE = """
CREATE TABLE {} (
    key TEXT PRIMARY KEY,
    data JSON NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
)"""

test_a_stack_of_a_project_is_found = test_backend.test_a_stack_of_a_project_is_found
test_a_stack_of_a_legacy_backend_is_found = test_backend.test_a_stack_of_a_legacy_backend_is_found
test_a_packed_checkpoint_is_unpacked = test_backend.test_a_packed_checkpoint_is_unpacked
test_backups_and_longer_names_are_other_files = test_backend.test_backups_and_longer_names_are_other_files
test_a_name_of_several_projects_must_be_told_apart = (
    test_backend.test_a_name_of_several_projects_must_be_told_apart
)
test_all_stacks_of_a_backend_are_listed = test_backend.test_all_stacks_of_a_backend_are_listed
test_a_place_without_a_backend_is_no_empty_one = test_backend.test_a_place_without_a_backend_is_no_empty_one


@pytest.fixture(scope="module")
def server(wanted: None) -> Iterator[PostgresServer]:
    """A server with a role `reader`, who may read nothing yet."""
    if reason := missing_postgres():
        unavailable(reason)
    with postgres() as server:
        server.run("postgres", "CREATE ROLE reader LOGIN PASSWORD 'reader'")
        yield server


@pytest.fixture
def database(server: PostgresServer) -> str:
    """The name of a new database with the table of a backend; it has a `_`, which LIKE would read."""
    name = f"states_{next(_numbers)}"
    server.run("postgres", f"CREATE DATABASE {name}")
    server.run(name, _TABLE.format("pulumi_state"))
    return name


def write(
    server: PostgresServer, database: str, files: Mapping[str, bytes], prefix: str | None = None
) -> None:
    """Write files as the CLI does."""
    start = f"{database}/" if prefix is None else prefix
    for name, data in files.items():
        document = json.dumps({"data": base64.b64encode(data).decode()})
        server.run(database, f"INSERT INTO pulumi_state VALUES ('{start}{name}', '{document}')")


def place_at(url: str) -> Place:
    """The place at a URL."""
    return open_place(url, cwd=Path("/nowhere"))


@pytest.fixture
def backend(server: PostgresServer, database: str) -> Backend:
    """Makes a backend with these files, and gives its URL."""

    def made(files: Mapping[str, bytes]) -> str:
        write(server, database, files)
        return server.url(database)

    return made


def test_a_role_that_may_only_select_reads(server: PostgresServer, database: str) -> None:
    """With SELECT on the table it reads and lists; without, the statement that it lacks is said."""
    write(server, database, {".pulumi/meta.yaml": b"version: 1", "b/x": b"\0\xff", "b/y": b""})
    place = place_at(server.url(database, role="reader", password="reader"))
    with pytest.raises(StoreRefused, match="permission denied") as refused:
        place.read("b/x", 10)
    assert "GRANT SELECT ON pulumi_state" in refused.value.hint
    server.run(database, "GRANT SELECT ON pulumi_state TO reader")
    assert place.read("b/x", 10) == b"\0\xff"
    assert [entry.name for entry in place.list("b/")] == ["b/x", "b/y"]


def test_only_names_that_begin_with_the_prefix_are_listed(server: PostgresServer, database: str) -> None:
    """By bytes, whatever the database's own order; `_` and `%` are letters; pages are no ends."""
    names = ["a_c", "abc", "a%c", "A", "é", "a_c/1", "x" * 1100]
    write(server, database, dict.fromkeys(names, b""))
    write(server, database, {"a_c/2": b""}, prefix="other/")
    place = place_at(server.url(database))
    assert [entry.name for entry in place.list("a_")] == ["a_c", "a_c/1"]
    assert [entry.name for entry in place.list("")] == ["A", "a%c", "a_c", "a_c/1", "abc", "é"]
    assert all(entry.modified > 1e9 for entry in place.list(""))
    server.run(
        database,
        f"INSERT INTO pulumi_state SELECT '{database}/many/' || n, '{{}}' FROM generate_series(1, 2500) n",
    )
    many = [entry.name for entry in place.list("many/")]
    assert many == sorted(f"many/{number}" for number in range(1, 2501))


def test_a_file_over_the_limit_is_not_sent(server: PostgresServer, database: str) -> None:
    """Its size is asked first; what is just within the limit is read."""
    write(server, database, {f"x{size}": b"x" * size for size in (9, 10, 11, 12, 1_000_000)})
    place = place_at(server.url(database))
    assert place.read("x10", 10) == b"x" * 10 and place.read("x9", 10) == b"x" * 9
    for name in ("x11", "x12", "x1000000"):
        with pytest.raises(InvalidState, match="more than 10 bytes"):
            place.read(name, 10)


@pytest.mark.parametrize("data", ['{"data": "?"}', "{}", "[1]", '"x"', '{"data": null}', '{"data": "eHh"}'])
def test_a_row_that_is_no_file_is_refused(server: PostgresServer, database: str, data: str) -> None:
    """It is not taken for an empty one."""
    server.run(database, f"INSERT INTO pulumi_state VALUES ('{database}/x', '{data}')")
    with pytest.raises(InvalidState):
        place_at(server.url(database)).read("x", 100)


def test_a_table_of_another_name_or_shape(server: PostgresServer, database: str) -> None:
    """`Odd_Table` is `odd_table`, a schema may be named; a missing table and another shape are said."""
    server.run(database, "CREATE SCHEMA ops", _TABLE.format("odd_table"), "CREATE TABLE ops.other (id int)")
    server.run(database, f"INSERT INTO odd_table VALUES ('{database}/x', '{{\"data\": \"eA==\"}}')")
    assert place_at(server.url(database, query="table=Odd_Table")).read("x", 10) == b"x"
    with pytest.raises(NotFound, match=r"has no table ops\.none"):
        place_at(server.url(database, query="table=ops.none")).read("x", 10)
    with pytest.raises(InvalidState, match="is not one of Pulumi's"):
        place_at(server.url(database, query="table=ops.other")).read("x", 10)


def test_a_server_that_says_no_is_told_from_one_that_is_not_there(
    server: PostgresServer, database: str
) -> None:
    """A wrong password, an unknown database, a certificate of somebody else; no message has the password."""
    unknown = str(Path(__file__))
    for url in (
        server.url(database, password="swordfish"),
        server.url("none_such"),
        server.url(database, password=""),
        server.url(database, query=f"sslmode=verify-full&sslrootcert={unknown}"),
    ):
        with pytest.raises(StoreRefused, match="cannot be reached") as refused:
            place_at(url).read("x", 10)
        assert "swordfish" not in str(refused.value) and "p@ss" not in str(refused.value)
    query = f"sslmode=verify-full&sslrootcert={server.certificate}"
    with pytest.raises(NotFound, match="there is no postgres://127"):
        place_at(server.url(database, query=query)).read("x", 10)


def test_connections_are_encrypted_and_cannot_write(
    server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without being asked for; a table that is a view with a side effect is refused by the server."""
    server.run(
        database,
        "CREATE VIEW tls AS SELECT 'x'::text AS key, now() AS updated_at,"
        " json_build_object('data', encode(ssl::text::bytea, 'base64')) AS data"
        " FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        "CREATE FUNCTION spoil() RETURNS text LANGUAGE sql"
        " AS $$ INSERT INTO pulumi_state VALUES ('spoiled', '{}') RETURNING key $$",
        "CREATE VIEW spoiling AS SELECT spoil() AS key, now() AS updated_at, '{}'::json AS data",
    )
    parsed = server.url("", query=f"dbname={database}&table=tls")
    assert place_at(parsed).read("x", 10) == b"true"
    with pytest.raises(PackregError, match="read-only"):
        list(place_at(server.url(database, query="table=spoiling")).list(""))
    assert [entry.name for entry in place_at(server.url("", query=f"dbname={database}")).list("")] == []


def test_a_connection_that_the_server_closed_is_made_again(server: PostgresServer, database: str) -> None:
    """An audit goes on where the server ended what was idle; what is slow is given up."""
    write(server, database, {"x": b"x"})
    place = place_at(server.url(database))
    assert place.read("x", 10) == b"x"
    server.run(
        database,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        f" WHERE application_name = 'packreg' AND datname = '{database}'",
    )
    assert place.read("x", 10) == b"x"


def test_a_query_that_takes_too_long_is_given_up(
    server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends it, as it was told when the transaction began."""
    monkeypatch.setattr("packreg.states.postgres._TIME_LIMIT", "SET LOCAL statement_timeout = '50ms'")
    server.run(
        database,
        "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS key, now() AS updated_at, '{}'::json AS data",
    )
    place = PostgresPlace(server.url(database, query="table=slow"))
    with pytest.raises(StoreUnavailable, match="statement timeout"):
        list(place.list(""))


def test_tags_and_history_are_read(server: PostgresServer, database: str) -> None:
    """What lies beside a checkpoint is read from the same table."""
    update = {"kind": "update", "startTime": 1, "result": "succeeded", "resourceChanges": {"create": 1}}
    write(
        server,
        database,
        {
            ".pulumi/meta.yaml": b"version: 1\n",
            ".pulumi/stacks/shop/dev.json": b"{}",
            ".pulumi/stacks/shop/dev.pulumi-tags": b'{"version": 1, "tags": {"env": "prod"}}',
            ".pulumi/history/shop/dev/dev-1700000000000000000.history.json": json.dumps(update).encode(),
        },
    )
    place = place_at(server.url(database))
    [stack] = list_stacks(place)
    assert read_stack_tags(stack, place) == {"env": "prod"}
    [change] = list_changes(stack, place)
    assert read_change(change, place).touched
