"""Who calls the guard: the processes at the other ends of its connections."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psutil

HOST = "127.0.0.1"
#: How often to look: a list of connections that change meanwhile may lack one.
_LOOKS = 3
_Connection = tuple[tuple[str, int], tuple[str, int]]


class Stranger(Exception):
    """The caller is neither the process that started the guard nor an ancestor of it; the text names it."""


class _Known(NamedTuple):
    """A caller, and the socket of its end of the connection, "" if the system does not show that."""

    process: psutil.Process
    place: Path
    socket: str


class Callers:
    """The processes that may call: the one that started this process, and its ancestors.

    Create this before the port is printed. The process of a caller is looked up once per connection. After
    half an hour without calls the CLI connects again from another port, and then another process may have its
    old port. The system often does not show the connections of some ancestors, which belong to other users.
    But once it has shown the connection of a caller it shows the CLI's, and a caller that it does not show is
    then a stranger.
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
        """The process at the other end of a connection to `port`; None if the system does not show it.

        `peer` is the other end as gRPC writes it: `ipv4:127.0.0.1:50123`. Raises Stranger.
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
        """The ancestor that has a connection, and whether one with hidden connections may have it."""
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
    """Raise Stranger if another process than the ancestors is seen to have the connection."""
    import psutil

    with suppress(psutil.Error, OSError):
        for end in psutil.net_connections("tcp"):
            if end.pid and _ends(end) == connection:
                raise Stranger(f"process {end.pid} called the guard")


def _ends(connection: Any) -> tuple[tuple[str, int], ...]:
    """Both ends of a connection; gRPC clients use IPv6 sockets, which have IPv4 addresses in IPv6 form."""
    ends = (connection.laddr, connection.raddr)
    return tuple((end.ip.removeprefix("::ffff:"), end.port) for end in ends if end)


def _socket(place: Path) -> str:
    """The socket behind a file descriptor of a process: while it is open, no other process has its port."""
    try:
        return str(place.readlink())
    except OSError:
        return ""
