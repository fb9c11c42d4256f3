"""Who calls the guard: the processes at the other ends of its connections."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psutil

HOST = "127.0.0.1"
#: The system writes its list of connections while they come and go, and may leave one out.
_LOOKS = 3
_Connection = tuple[tuple[str, int], tuple[str, int]]


class Stranger(Exception):
    """Something called that neither started the guard nor is above what did; the text says what."""


class _Known(NamedTuple):
    """A caller, and its end of the connection where the system shows that as a file; else "" as `socket`."""

    process: psutil.Process
    place: Path
    socket: str


class Callers:
    """The process that started this one, and those above it: they may call, and nobody else.

    Make it before anybody is told the port. A caller is known by its process, which is looked for once for a
    connection: when the CLI was silent for half an hour, its next call comes from another port, and then
    another process may have the port that it had. Some processes above are often another user's, whose
    connections the system does not show. Where it shows those of one that called, it shows the CLI's; who is
    not shown then is a stranger.
    """

    def __init__(self) -> None:
        import psutil

        self._above = psutil.Process().parents()
        self._known: dict[str, _Known] = {}
        self._unseen: set[str] = set()
        self._lock = Lock()

    @property
    def starter(self) -> psutil.Process | None:
        """The process that started this one; None where the system does not show it."""
        return self._above[0] if self._above else None

    def who(self, peer: str, port: int) -> psutil.Process | None:
        """Who has the other end of a connection to a port of ours; None where the system does not tell.

        `peer` is that end as gRPC writes it: `ipv4:127.0.0.1:50123`. Raises Stranger.
        """
        with self._lock:
            known = self._known.get(peer)
            if known is None or not known.socket or _socket(known.place) != known.socket:
                known = None if peer in self._unseen else self._look(peer, port)
                if known is None:
                    self._unseen.add(peer)
                else:
                    self._known[peer] = known
            if self._known and self._unseen:
                raise Stranger("a process that the system does not show called the guard")
            return known.process if known else None

    def _look(self, peer: str, port: int) -> _Known | None:
        host, _, number = peer.removeprefix("ipv4:").rpartition(":")
        if not number.isdecimal():
            raise Stranger(f"a call came from {peer[:80]}")
        connection = (host, int(number)), (HOST, port)
        for _ in range(_LOOKS):
            found, hidden = self._found_above(connection)
            if found is not None:
                return found
            _accuse(connection)
        if hidden:
            return None
        raise Stranger("a process that has ended called the guard")

    def _found_above(self, connection: _Connection) -> tuple[_Known | None, bool]:
        """Which of those above has a connection, and whether one of them may have it unseen."""
        import psutil

        hidden = not self._above
        for process in self._above:
            try:
                for end in process.net_connections("tcp"):
                    if _ends(end) == connection and process.is_running():
                        place = Path(f"/proc/{process.pid}/fd/{end.fd}")
                        return _Known(process, place, _socket(place)), hidden
            except psutil.NoSuchProcess:
                continue
            except (psutil.Error, OSError):  # another user's, or a system that shows no connections
                hidden = True
        return None, hidden


def _accuse(connection: _Connection) -> None:
    """Raise Stranger if any process is seen to have a connection, which is none of those above."""
    import psutil

    with suppress(psutil.Error, OSError):
        for end in psutil.net_connections("tcp"):
            if end.pid and _ends(end) == connection:
                raise Stranger(f"process {end.pid} called the guard")


def _ends(connection: Any) -> tuple[tuple[str, int], ...]:
    """Both ends; gRPC's own clients connect by IPv6, and write an address of IPv4 in its way."""
    ends = (connection.laddr, connection.raddr)
    return tuple((end.ip.removeprefix("::ffff:"), end.port) for end in ends if end)


def _socket(place: Path) -> str:
    """Which socket a process has there: while it has it, nobody else has its port."""
    try:
        return str(place.readlink())
    except OSError:
        return ""
