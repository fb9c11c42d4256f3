"""A PostgreSQL server on loopback, in a directory of its own, with passwords and TLS.

Needs the programs of Debian's package `postgresql`. Started by root it runs as the user `postgres`, since it
refuses root.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from tests.store.ministack import free_port, stop

PASSWORD = "p@ss/word#1"
PASSWORD_IN_URLS = "p%40ss%2Fword%231"
_PLACES = "/usr/lib/postgresql"


class PostgresServer(NamedTuple):
    """A running server: its port, and the file of the certificate that it shows."""

    port: int
    certificate: Path

    def url(
        self, database: str, *, role: str = "owner", password: str = PASSWORD_IN_URLS, query: str = ""
    ) -> str:
        """The URL of a database as the Pulumi CLI is given it; `password` as it is written in a URL."""
        user = f"{role}:{password}" if password else role
        return f"postgres://{user}@127.0.0.1:{self.port}/{database}" + (f"?{query}" if query else "")

    def run(self, database: str, *statements: str) -> None:
        """Run statements as the owner of everything."""
        import psycopg

        who = {"user": "owner", "password": PASSWORD}
        connection = psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, autocommit=True, **who
        )
        with contextlib.closing(connection):
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]


def _program(name: str) -> str | None:
    places = sorted(Path(_PLACES).glob("*/bin"), key=lambda place: float(place.parent.name))
    found = [str(place / name) for place in places if (place / name).is_file()]
    return found[-1] if found else shutil.which(name)


def missing_postgres() -> str:
    """Why it cannot run here, or an empty string when it can."""
    absent = [name for name in ("initdb", "postgres") if not _program(name)]
    return (
        f"PostgreSQL is not installed: no {' and no '.join(absent)} (Debian's postgresql)" if absent else ""
    )


@contextlib.contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Run it; there is a role `owner`, who may do anything, with the password `PASSWORD`."""
    as_user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    # the directories of pytest are nobody else's
    with tempfile.TemporaryDirectory(prefix="postgres-") as top:
        place = Path(top)
        (place / "password").write_text(PASSWORD)
        _write_certificate(place)
        for path in (place, *place.iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)
            if as_user:
                shutil.chown(path, **as_user)
        data = place / "data"
        command = [str(_program("initdb")), "--pgdata", str(data), "--username", "owner", "--no-sync"]
        command += ["--auth", "scram-sha-256", "--pwfile", str(place / "password"), "--encoding", "UTF8"]

        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(command, check=True, capture_output=True, cwd=place, env=environment, **as_user)
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 30,
            "ssl": "on",
            "ssl_cert_file": place / "server.crt",
            "ssl_key_file": place / "server.key",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (place / "output").open("wb") as output:
            process = subprocess.Popen(
                [str(_program("postgres")), "-D", str(data), *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=place,
                env=environment,
                **as_user,
            )
            try:
                server = PostgresServer(port, place / "server.crt")
                _wait(server, process, place / "output")
                yield server
            finally:
                stop(process)


def _wait(server: PostgresServer, process: subprocess.Popen[bytes], output: Path) -> None:
    """Until it takes connections: it listens earlier than that."""
    import psycopg

    for _ in range(300):
        with contextlib.suppress(psycopg.OperationalError):
            server.run("postgres", "SELECT 1")
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    raise RuntimeError(f"PostgreSQL did not start: {output.read_text('utf-8')[-2000:]}")


def _write_certificate(place: Path) -> None:
    """A certificate for 127.0.0.1 that trusts itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (place / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (place / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
