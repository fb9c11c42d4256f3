"""Ask a pack: many questions at once, answers in order, each failure traced to its policy or resource."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from packreg.analyzer.analyzer import Answer, CallFailed
from packreg.analyzer.session import Session

#: The kinds of `CallFailed` after which the pack's process cannot be used any more.
_BREAKING = ("timeout", "gone")
#: Pending calls with many resources each: one that the pack works on, and one that waits.
_BATCHES = 2
_MAX_BATCH = 4 << 20  # bytes, after which a call takes no further resource
_NODE_CULPRIT = re.compile(r"with policy '([^']+)'")


class Item(NamedTuple):
    """A resource, or the whole stack (`position` -1), encoded. `problem` says why it cannot be sent."""

    position: int
    urn: str
    type: str
    analyze: bytes
    remediate: bytes = b""
    problem: str = ""


class Question(NamedTuple):
    """An item and what is asked about it: "Remediate", "Analyze" or "AnalyzeStack"."""

    item: Item
    method: str

    @property
    def request(self) -> bytes:
        """The bytes to send."""
        return self.item.remediate if self.method == "Remediate" else self.item.analyze


class Failure(NamedTuple):
    """Why there is no answer; `policy` is "" when it is not known which policy failed."""

    code: str
    why: str
    policy: str = ""


@dataclass(slots=True)
class Reply:
    """The answers to one question, and failures: several when the policies were asked one by one."""

    question: Question
    answers: list[Any] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def replies(session: Session, questions: Iterable[Question], in_flight: int) -> Iterator[Reply]:
    """Ask all questions, up to `in_flight` at once; replies come in nearly the questions' order.

    An analyzer that takes many questions at once gets them so. When the pack hangs or crashes it is started
    again, the questions that may have broken it are asked once more, one by one, and from then on fewer are
    asked at once. A question that breaks the pack twice is a failure. When a policy raises, the policies are
    asked one by one. Raises PackFailed when the pack is given up: it broke too often, or did not start again.
    """
    raised: dict[str, list[tuple[Question, CallFailed]]] = {}
    for question, outcome in _outcomes(session, questions, in_flight):
        if isinstance(outcome, CallFailed) and outcome.kind == "raised":
            raised.setdefault(question.method, []).append((question, outcome))
        else:
            yield _reply(question, outcome)
    for method, failed in raised.items():
        yield from _isolated(session, method, failed, in_flight)


def reply_to(session: Session, question: Question, sent: Answer | None = None) -> Reply:
    """Ask one question and wait for the reply, by the same rules as `replies`.

    For callers with one question at a time. `sent` is the pending answer if the question was sent already.
    Raises PackFailed when the pack is given up.
    """
    outcome = _called(session, question) if sent is None else sent.result()[0]
    if _broke(outcome):
        session.restart(outcome)
        outcome = _called(session, question)
        if _broke(outcome):
            outcome = session.restart(outcome)
    if isinstance(outcome, CallFailed) and outcome.kind == "raised":
        [reply] = _isolated(session, question.method, [(question, outcome)], 1)
        return reply
    return _reply(question, outcome)


def _called(session: Session, question: Question) -> Any:
    try:
        return session.call(question.method, question.request)
    except CallFailed as failed:
        return failed


class _Questions:
    """Questions in groups to send together: up to `most`, if they are of the methods in `batched`."""

    def __init__(self, questions: Iterable[Question], most: int, batched: Collection[str]) -> None:
        self.most = most
        self._batched = batched
        self._source = iter(questions)
        self._first: deque[Question] = deque()

    def group(self) -> list[Question]:
        """The next questions to send together; [] at the end."""
        group: list[Question] = []
        size = 0
        while len(group) < self.most and size < _MAX_BATCH:
            question = self._first.popleft() if self._first else next(self._source, None)
            if question is None:
                break
            if group and question.method not in self._batched:
                self._first.appendleft(question)
                break
            group.append(question)
            size += len(question.request)
            if question.method not in self._batched:
                break
        return group

    def answered(self, group: Sequence[Question], outcomes: Sequence[Any]) -> Iterator[tuple[Question, Any]]:
        """Each question of a group that has an outcome; `group` returns the others again."""
        left = []
        for question, outcome in zip(group, outcomes, strict=True):
            if outcome is None:
                left.append(question)
            else:
                yield question, outcome
        if len(left) == len(group) > 1:
            self.most = 1  # the analyzer does not take many after all: ask one question per call
        self.put_back(left)

    def put_back(self, questions: Sequence[Question]) -> None:
        """Let `group` return these before all others."""
        self._first.extendleft(reversed(questions))


def _outcomes(
    session: Session, questions: Iterable[Question], in_flight: int
) -> Iterator[tuple[Question, Any]]:
    """Each question with the message that answers it, or a CallFailed."""
    analyzer = session.analyzer
    source = _Questions(questions, analyzer.batch, analyzer.batched)
    if analyzer.batch > 1:
        in_flight = min(in_flight, _BATCHES)
    waiting: deque[tuple[list[Question], Answer]] = deque()
    while True:
        while len(waiting) < in_flight and (group := source.group()):
            waiting.append((group, session.ask([(each.method, each.request) for each in group])))
        if not waiting:
            return
        group, answer = waiting.popleft()
        found = answer.result()
        reason = next(filter(_broke, found), None)
        if reason is None:
            yield from source.answered(group, found)
            continue
        again: list[Question] = []
        unasked: list[Question] = []
        for each, outcomes in ((group, found), *((each, answer.result()) for each, answer in waiting)):
            last = max((at for at, outcome in enumerate(outcomes) if _broke(outcome)), default=-1)
            for at, (question, outcome) in enumerate(zip(each, outcomes, strict=True)):
                if outcome is not None and not _broke(outcome):
                    yield question, outcome
                elif at <= last:
                    again.append(question)  # it broke the pack, or its answer was lost with the pack
                else:
                    unasked.append(question)
        waiting.clear()
        source.put_back(unasked)
        session.restart(reason)
        in_flight, source.most = max(1, in_flight // 4), max(1, source.most // 4)
        for question in again:
            [outcome] = session.ask([(question.method, question.request)]).result()
            yield question, session.restart(outcome) if _broke(outcome) else outcome


def _broke(outcome: Any) -> bool:
    return isinstance(outcome, CallFailed) and outcome.kind in _BREAKING


def _reply(question: Question, outcome: Any, policy: str = "") -> Reply:
    if not isinstance(outcome, CallFailed):
        return Reply(question, [outcome])
    if outcome.kind == "unsupported" and question.method == "Remediate":
        return Reply(question)  # SDKs before remediations: there are none
    codes = {"raised": "policy-raised", "timeout": "no-answer", "gone": "crashed"}
    return Reply(question, failures=[Failure(codes.get(outcome.kind, "refused"), outcome.why, policy)])


def _isolated(
    session: Session, method: str, failed: Sequence[tuple[Question, CallFailed]], in_flight: int
) -> Iterator[Reply]:
    """Find the policies that raise, and get the answers of the others.

    Only the first question that raises without the known culprits is asked policy by policy. So this takes
    about one call per failed question, and as many again for each culprit.
    """
    candidates = [policy.name for policy in session.judging(method)]
    if len(candidates) == 1 or not session.info.supports_config:
        for question, outcome in failed:
            yield _reply(question, outcome, _named(outcome, candidates))
        return
    done = {question: Reply(question) for question, _ in failed}
    first_outcomes = dict(failed)
    culprits: list[str] = []
    pending = [question for question, _ in failed]

    def ask(policies: Sequence[str], questions: Sequence[Question]) -> list[tuple[Question, Any]]:
        if not policies or not questions:
            return []
        session.only(policies)
        return list(_outcomes(session, questions, in_flight))

    def add(question: Question, outcome: Any, policy: str) -> None:
        part = _reply(question, outcome, policy)
        done[question].answers += part.answers
        done[question].failures += part.failures

    while pending:
        first, *pending = pending
        found = []
        for policy in (name for name in candidates if name not in culprits):
            [(_, outcome)] = ask([policy], [first])
            add(first, outcome, policy)
            if isinstance(outcome, CallFailed):
                found.append(policy)
        if not found:  # a policy raised together with the others, but none alone: the culprit is unknown
            add(first, first_outcomes[first], _named(first_outcomes[first], candidates))
            continue
        culprits += found
        for policy in found:
            for question, outcome in ask([policy], pending):
                add(question, outcome, policy)
        still = []
        for question, outcome in ask([name for name in candidates if name not in culprits], pending):
            if isinstance(outcome, CallFailed) and outcome.kind == "raised":
                still.append(question)
            else:
                add(question, outcome, "")
        pending = still
    session.only(None)
    yield from done.values()


def _named(outcome: CallFailed, candidates: Sequence[str]) -> str:
    """The policy that raised, where it is clear without asking again; else ""."""
    if len(candidates) == 1:
        return candidates[0]
    match = _NODE_CULPRIT.search(outcome.details)
    return match[1] if match and match[1] in candidates else ""
