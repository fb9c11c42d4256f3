"""What packreg takes from a hosted pack's socket, and what it makes of silence. Hosts are in hosts/."""

from __future__ import annotations

import mmap
import os
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.frames import ANSWER, FRAME, METHODS, REQUEST, RUNNING, Broken, Frames, Outcome, Said

LARGEST = 1000


class Peer:
    """The other side, by hand: it reads frames and writes what a test says."""

    def __init__(self) -> None:
        ours, self.socket = socket.socketpair()
        with tempfile.TemporaryFile() as file:
            file.write(bytes(mmap.PAGESIZE))
            file.flush()
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.frames = Frames(ours, self.page, LARGEST)

    def frame(self) -> tuple[bytes, list[tuple[str, bytes]]]:
        """The next frame: its id, and its requests."""
        name, count = FRAME.unpack(self._read(FRAME.size))
        requests = []
        for _ in range(count):
            method, length = REQUEST.unpack(self._read(REQUEST.size))
            requests.append((METHODS[method], self._read(length)))
        return name, requests

    def say(self, frame: bytes, place: int, data: bytes, code: int = 0) -> None:
        """Write one answer."""
        self.socket.sendall(ANSWER.pack(frame, place, code, len(data)) + data)

    def works_on(self, *values: int) -> None:
        """Write to the page which requests the threads work on."""
        RUNNING.pack_into(self.page, 0, *values, *([0] * (17 - len(values))))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            assert chunk, "the connection was closed"
            data += chunk
        return data

    def close(self) -> None:
        """Close both ends."""
        self.frames.close()
        self.socket.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The other side of a connection."""
    made = Peer()
    yield made
    made.close()


def texts(outcomes: Sequence[Outcome]) -> list[str | None]:
    """Each outcome, in short."""
    return [
        None if each is None else str(each) if isinstance(each, Broken) else each.data.decode() or each.text
        for each in outcomes
    ]


def ask(peer: Peer, *requests: bytes, deadline: float = 60.0) -> tuple[bytes, list[Outcome]]:
    """Send a frame of Analyze; its id, and the list that its outcomes will be in."""
    frame = peer.frames.send([("Analyze", request, deadline) for request in requests])
    name, seen = peer.frame()
    assert seen == [("Analyze", request) for request in requests]
    return name, frame.outcomes


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_answers_find_their_requests(requests: list[bytes], chance: object) -> None:
    """In any order, of two frames mixed, in pieces of any size."""
    peer = Peer()
    first = peer.frames.send([("Analyze", each, 60.0) for each in requests])
    second = peer.frames.send([("Remediate", each, 60.0) for each in requests])
    said = [
        ANSWER.pack(name, place, 0, len(data) + 1) + mark + data
        for mark, (name, seen) in ((b"1", peer.frame()), (b"2", peer.frame()))
        for place, (_, data) in enumerate(seen)
    ]
    chance.shuffle(said)  # type: ignore[attr-defined]
    whole = b"".join(said)
    cut = len(whole) // 3
    peer.socket.sendall(whole[:cut])
    threading.Thread(target=peer.socket.sendall, args=(whole[cut:],)).start()
    assert second.wait() == [Said(0, b"2" + each) for each in requests]
    assert first.wait() == [Said(0, b"1" + each) for each in requests]
    peer.close()


def test_an_error_has_a_text_and_perhaps_a_traceback(peer: Peer) -> None:
    """Both are read as text, whatever the bytes are."""
    name, _ = ask(peer, b"a", b"b")
    peer.say(name, 0, b"\x03\0\0\0no\xff" + b"Traceback", code=2)
    peer.say(name, 1, b"", code=12)
    frame = peer.frames._pending[0]
    assert frame.wait() == [Said(2, b"", "no\ufffd", "Traceback"), Said(12, b"", "", "")]


def test_large_frames_and_answers_do_not_wait_for_each_other(peer: Peer) -> None:
    """Both sides may write more than the socket holds at the same time."""
    frame = peer.frames.send([("Analyze", bytes(1 << 20), 60.0)] * 8)

    def answers() -> None:
        name, seen = peer.frame()
        for place in range(len(seen)):
            peer.say(name, place, b"x" * LARGEST)

    thread = threading.Thread(target=answers)
    thread.start()
    assert frame.wait() == [Said(0, b"x" * LARGEST)] * 8
    thread.join()


@pytest.mark.parametrize(
    "forged",
    [
        lambda name: ANSWER.pack(os.urandom(8), 0, 0, 0),
        lambda name: ANSWER.pack(name, 2, 0, 0),
        lambda name: ANSWER.pack(name, 0, 0, 1) + b"x" + ANSWER.pack(name, 0, 0, 1) + b"y",
        lambda name: ANSWER.pack(name, 1, 0, LARGEST + 1),
        lambda name: b"Hello, world, and everybody in it",
    ],
    ids=["another frame's", "no such request", "answered twice", "too large", "no answer at all"],
)
def test_what_is_no_answer_breaks_the_pack(forged: object, peer: Peer) -> None:
    """From then on its answers could not be told apart: nothing more is taken, and it must be restarted."""
    name, outcomes = ask(peer, b"a", b"b")
    peer.works_on(1 << 32 | 2)
    peer.socket.sendall(forged(name))  # type: ignore[operator]
    peer.say(name, 1, b"late")
    frame = peer.frames._pending[0]
    assert texts(frame.wait())[1] == "its answer is not one to what it was asked"
    assert not any(isinstance(each, Said) and each.data == b"late" for each in outcomes)
    assert texts(peer.frames.send([("Analyze", b"c", 60.0)]).wait()) == [
        "its answer is not one to what it was asked"
    ]


def test_the_request_that_hangs_is_known_and_the_others_are_left(peer: Peer) -> None:
    """What was answered stands; the one that takes longer than its deadline is named; the rest come again."""
    name, _ = ask(peer, b"a", b"b", b"c", deadline=0.3)
    frame, later = peer.frames._pending[0], peer.frames.send([("Analyze", b"d", 0.3)])
    peer.say(name, 0, b"fine")
    peer.works_on(1 << 32 | 2)
    assert texts(frame.wait()) == ["fine", "it gave no answer within 0.3 s", None]
    assert isinstance(frame.outcomes[1], Broken) and frame.outcomes[1].hung
    assert texts(later.wait()) == [None]


def test_a_deadline_is_that_of_one_request(peer: Peer) -> None:
    """A frame may take as long as it wants while the pack goes from one request to the next."""
    name, _ = ask(peer, *[b"a"] * 6, deadline=0.5)
    frame = peer.frames._pending[0]
    moved = threading.Event()

    def works() -> None:
        for place in range(6):
            peer.works_on(1 << 32 | place + 1)
            moved.wait(0.2)
        for place in range(6):
            peer.say(name, place, b"fine")

    thread = threading.Thread(target=works)
    thread.start()
    assert texts(frame.wait()) == ["fine"] * 6
    thread.join()


def test_a_pack_that_neither_works_nor_answers_has_hung(peer: Peer) -> None:
    """Its host may have been stopped: after the deadline of a request the first is the one without answer."""
    ask(peer, b"a", b"b", deadline=0.3)
    frame = peer.frames._pending[0]
    assert texts(frame.wait()) == ["it gave no answer within 0.3 s", None]


def test_when_the_pack_ends_those_it_worked_on_are_named(peer: Peer) -> None:
    """It may have worked on several at once; the others are asked again."""
    name, _ = ask(peer, b"a", b"b", b"c", b"d")
    frame = peer.frames._pending[0]
    peer.say(name, 0, b"fine")
    peer.works_on(0, 1 << 32 | 2, 1 << 32 | 4, 7 << 32 | 1)
    peer.socket.shutdown(socket.SHUT_RDWR)
    assert texts(frame.wait()) == ["fine", "the connection broke", None, "the connection broke"]
    assert not any(isinstance(each, Broken) and each.hung for each in frame.outcomes)


def test_another_thread_may_close_it(peer: Peer) -> None:
    """Who waits is told that the connection broke."""
    frame = peer.frames.send([("Analyze", b"a", 60.0)])
    threading.Timer(0.1, peer.frames.close).start()
    assert texts(frame.wait()) == ["the connection broke"]


def test_who_was_away_does_not_take_that_for_silence(peer: Peer) -> None:
    """What was said meanwhile is read before it is asked how long a request has taken."""
    name, _ = ask(peer, b"a", b"b", deadline=0.3)
    frame = peer.frames._pending[0]
    peer.works_on(1 << 32 | 1)
    peer.frames._look()
    peer.say(name, 0, b"fine")
    peer.say(name, 1, b"fine")
    peer.frames._working = {
        slot: (value, since - 60) for slot, (value, since) in peer.frames._working.items()
    }
    peer.frames._looked -= 60
    peer.frames._progress -= 60
    assert texts(frame.wait()) == ["fine", "fine"]
