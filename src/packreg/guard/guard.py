"""One run of the guard: answer the CLI's questions about a stack for all its packs, then write the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from functools import cached_property
from threading import Lock
from typing import TypeVar

from google.protobuf.message import DecodeError

from packreg.analyzer.asking import Question, Reply
from packreg.analyzer.findings import Evaluation
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Stack
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.redaction import Redactor
from packreg.enforcement.governed import Governed, unavailable_results
from packreg.errors import PackregError, Problem
from packreg.groups.decision import Required, Unavailable
from packreg.groups.model import Entity
from packreg.guard.answers import (
    OWN_NAME,
    Label,
    Merged,
    add_remediations,
    says_anything,
    unjudged,
    with_properties,
)
from packreg.guard.audit import Audit
from packreg.guard.denial import denial, not_made
from packreg.guard.exceptions import NO_EXCEPTIONS, Exceptions
from packreg.guard.packs import RunningPacks
from packreg.guard.reports import interrupted, keep_reports
from packreg.guard.resources import UpdateResources, secrets_in
from packreg.guard.run import Begin, Keep, Prepare, Run
from packreg.reports.report import policies_counted
from packreg.services.prepared import PreparedPacks
from packreg.threads import in_background

T = TypeVar("T")
_NO_STACK = (
    "this command does not say which stack it is about, so it is not known what must run: judge a state with "
    "`packreg enforce STACK`; previews and updates need a newer Pulumi CLI"
)
#: Seconds that an aborted run has to store its report: the Pulumi CLI kills it after five.
_LAST_SECONDS = 3.5


class Stopped(Exception):
    """The deployment must not go on; the text says why, for whoever runs the CLI."""


class Guard:
    """Answers for the packs of one stack. `close` ends it, from any thread, even during a call."""

    def __init__(
        self,
        prepare: Prepare,
        keep: Keep,
        begin: Begin,
        *,
        version: str,
        say: Callable[[str], None],
        fail_open: str = "",
        audit_seconds: float = 30.0,
        keep_seconds: float = 10.0,
    ) -> None:
        """`begin` is called before any answer about an update; `say` is called with lines for the user;
        `fail_open` names the setting that lets failures to evaluate pass, "" if they must not pass;
        `audit_seconds` and `keep_seconds` limit how long an answer waits for audits and for reports.
        """
        self.version = version
        self._prepare, self._keep, self._enter, self._say = prepare, keep, begin, say
        self._open = fail_open
        self._audit_seconds, self._keep_seconds = audit_seconds, keep_seconds
        self._turn, self._telling = Lock(), Lock()
        self._pool = Pool(keep=0)
        self._stack = Stack()
        self._seen = UpdateResources("", "")
        self._secrets: frozenset[str] = frozenset()
        self._redactor = Redactor(())
        self._beginning: Future[PreparedPacks] | None = None
        self._running: RunningPacks | None = None
        self._audit: Audit | None = None
        self._entering: Future[None] | None = None
        self._passed: dict[str, bool] = {}  # failure that `fail_open` let pass -> whether the CLI was told
        self._notes: dict[str, Problem] = {}
        self._exceptions = NO_EXCEPTIONS
        self._denied = False
        self._broken = ""  # why every call fails from now on
        self._finished = self._closed = False

    # --- before the first resource ------------------------------------------------------------------------

    def configure_stack(self, stack: Stack, exceptions: Exceptions = NO_EXCEPTIONS) -> None:
        """Begin to find, install and start the packs that this stack must run.

        `exceptions` are those of the CLI for the guard. Raises Stopped, also for a second, different stack.
        """
        with self._telling:
            if self._beginning is None:
                self._stack, self._exceptions = stack, exceptions
                self._seen = UpdateResources(stack.stack, stack.project, keep=not stack.dry_run)
                self._beginning = in_background(lambda: self._begin(stack))
                if exceptions.found:
                    self.break_off(exceptions.found)
            elif stack != self._stack:
                self.break_off("it was told about one stack, and then about another")
        self._check()

    def break_off(self, why: str) -> None:
        """Make every later call fail, for the reason `why`. May be called from any thread."""
        self._broken = self._broken or why
        self.note("broken-off", why)

    def note(self, code: str, text: str) -> None:
        """Add a note to the report of this run."""
        self._notes.setdefault(code, Problem(code, text))

    def info(self) -> pb.AnalyzerInfo:
        """The guard's metadata; waits until the packs that must run are installed. Raises Stopped."""
        prepared = self._prepared()
        required = prepared.required
        self._say(_summary(required))
        if prepared.unseen:
            groups = ", ".join(prepared.unseen)
            self._say(
                f"warning: {groups} may have this stack as a member by its tags, but the CLI sent no tags"
            )
        for requirement in required.packs:
            for warning in requirement.warnings:
                self._say(f"warning: {requirement.pack}: {warning}")
        return pb.AnalyzerInfo(
            name=OWN_NAME, display_name=OWN_NAME, version=self.version, supports_config=True
        )

    def configure(self, request: bytes) -> None:
        """Refuse a configuration: packs are configured where they are required. Raises Stopped."""
        self._check()
        if self._read(pb.ConfigureRequest.FromString, request).policy_config:
            raise Stopped(
                "the guard takes no configuration of its own: packs are configured in their policy groups, "
                "with `packreg enable PACK --group GROUP --config FILE`"
            )

    # --- questions ----------------------------------------------------------------------------------------

    def remediate(self, request: bytes) -> bytes:
        """The packs' remediations, one pack after the other. Raises Stopped."""
        with self._turn:
            merged = pb.RemediateResponse()
            running = self._ready()
            item = self._read(self._seen.remediated, request)
            for pack in running.asked("Remediate"):
                question = Question(item, "Remediate")
                reply = pack.reply(question, lambda: self._redactor_of(request))
                self._stop_at(_failures([(pack.label, reply)], item.urn))
                for answer in reply.answers:
                    properties = add_remediations(merged, pack.label, answer)
                    if properties is not None:
                        self._know(secrets_in(request))  # SDKs return secrets without their mark
                        item = item._replace(remediate=with_properties(item.remediate, properties))
            return merged.SerializeToString()

    def analyze(self, request: bytes) -> bytes:
        """The packs' diagnostics on a resource. Raises Stopped."""
        with self._turn:
            running = self._ready()
            item = self._read(self._seen.analyzed, request)
            replies = running.ask(Question(item, "Analyze"), lambda: self._redactor_of(request))
            merged = self._merged(Merged(item.urn, self._prepared().waiver_for), replies, item.urn)
            if merged.denied and self._exceptions.unsure and not self._stack.dry_run:
                raise Stopped(not_made(item.urn, merged.diagnostics, self._exceptions.unsure))
            return merged.encoded()

    def analyze_stack(self, request: bytes) -> bytes:
        """The packs' diagnostics on the stack; then audit groups and reports. Raises Stopped."""
        with self._turn:
            running = self._ready()
            item = self._read(self._seen.whole, request)
            auditing = self._audit.judge() if self._audit is not None else None
            try:
                replies = running.ask(
                    Question(item, "AnalyzeStack"), lambda: self._redactor_of(request, stack=True)
                )
                merged = Merged(item.urn, self._prepared().waiver_for, self._seen.attribute)
                merged = self._merged(merged, replies, "the stack")
                run = self._run(ended=True)
                if self._denied:  # even if the CLI let the violations pass
                    exempted = bool(self._exceptions.unsure)
                    redact = self._redactor.text
                    raise Stopped(denial(run.judged, merged.diagnostics, exempted=exempted, redact=redact))
                if counts := policies_counted(run.judged):
                    self._say(f"{run.prepared.required.entity}: {counts}")
                return merged.encoded()
            finally:
                self._finish(auditing)

    # --- the end ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Abort pending calls and store a report of what was judged so far. May be called again."""
        if self._closed:
            return
        self._closed = True
        until = time.monotonic() + _LAST_SECONDS
        if self._running is not None:
            self._running.stop()
        if self._audit is not None:
            self._audit.close()
        if self._turn.acquire(timeout=_LAST_SECONDS):
            if not self._finished and self._seen.size:
                run = self._run(ended=False)
                keep_reports(self._keep, [run], until - time.monotonic(), self._say)
            self._turn.release()
        self._pool.close()

    def _finish(self, auditing: Future[Run | None] | None) -> None:
        """Store the reports of a run that was not aborted."""
        self._finished = True
        run = self._run(ended=not self._broken)
        keeping = in_background(lambda: keep_reports(self._keep, [run], self._keep_seconds, self._say))
        audited = self._audited(auditing) if auditing is not None else None
        if audited is not None:
            keep_reports(self._keep, [audited], self._keep_seconds, self._say)
        keeping.result()

    def _audited(self, auditing: Future[Run | None]) -> Run | None:
        assert self._audit is not None
        try:
            try:
                return auditing.result(self._audit_seconds)
            except TookTooLong:
                self._audit.close()  # resources not judged yet become errors of its report
                return auditing.result(_LAST_SECONDS)
        except TookTooLong:
            self._say(f"audit groups were not judged within {self._audit_seconds:g} s")
        except Exception as error:  # noqa: BLE001  audits never block
            self._say(f"audit groups were not judged: {error}")
        return None

    @cached_property
    def _found(self) -> Evaluation:
        """All that was found; asked for when nothing more will be judged."""
        packs = list(unavailable_results(self._prepared_now().required, self._seen.size))
        packs += self._running.results() if self._running is not None else []
        return Evaluation(tuple(sorted(packs, key=lambda pack: pack.pack)), self._seen.size)

    def _prepared_now(self) -> PreparedPacks:
        assert self._beginning is not None
        return self._beginning.result()

    def _run(self, *, ended: bool) -> Run:
        prepared, found = self._prepared_now(), self._found
        denied = any(each.is_mandatory and not prepared.waiver_for(each) for each in found.violations)
        if not ended and not denied:
            more = interrupted(OWN_NAME, self.version, self._seen.size)
            found = Evaluation((*found.packs, more), found.resources)
        return Run(self._stack, prepared, found, tuple(self._passed), tuple(self._notes.values()))

    # ------------------------------------------------------------------------------------------------------

    def _begin(self, stack: Stack) -> PreparedPacks:
        try:
            prepared = self._prepare(stack, "preventative")
        except PackregError as error:
            return _unknown(stack, error, self.version)
        self._know({*prepared.secrets, *(stack.config.get(key, "") for key in stack.secret_keys)})
        self._running = RunningPacks(prepared.packs, self._seen, self._redactor, self._pool)
        if not stack.dry_run and not prepared.required.nothing:
            self._entering = in_background(lambda: self._enter(prepared))
        if not stack.dry_run:
            self._audit = Audit(stack, self._prepare, self._seen)
        return prepared

    def _check(self) -> None:
        """Raise Stopped if the run was aborted."""
        if self._broken:
            raise Stopped(self._broken)

    def _prepared(self) -> PreparedPacks:
        """The packs that must run. Raises Stopped when they are not known or not available."""
        self._check()
        if self._beginning is None:
            raise Stopped(_NO_STACK)
        prepared = self._beginning.result()
        if not self._closed:
            unready = unavailable_results(prepared.required, 0)
            errors = [(each.pack, error.why) for each in unready for error in each.errors]
            self._stop_at(why if pack == OWN_NAME else f"{pack}: {why}" for pack, why in errors)
        return prepared

    def _ready(self) -> RunningPacks:
        """The packs, started. Raises Stopped."""
        self._prepared()
        if self._running is None:
            return RunningPacks((), self._seen, self._redactor, self._pool)
        self._running.await_start()
        self._stop_at(
            f"{label} does not run: {failed}" + (f"\nhint: {failed.hint}" if failed.hint else "")
            for label, failed in self._running.failed()
        )
        self._await_entry()
        return self._running

    def _await_entry(self) -> None:
        """Wait until the registry has the entry for this update; if that fails, warn the user and go on."""
        entering, self._entering = self._entering, None
        if entering is None:
            return
        try:
            entering.result(self._keep_seconds)
        except TookTooLong:
            why = f"it was not done after {self._keep_seconds:g} s"
        except Exception as error:  # noqa: BLE001  a missing entry must not stop the deployment
            why = str(error)
        else:
            return
        self._say(f"the start of this update was not recorded in the registry: {why}")

    def _stop_at(self, failures: Iterable[str]) -> None:
        """Raise Stopped with all failures in one message; or, with `fail_open`, let each pass."""
        texts = [self._redactor.text(text) for text in failures]
        if texts and not self._open:
            raise Stopped("\n".join(texts))
        for text in texts:
            self._passed.setdefault(text, False)

    def _merged(self, merged: Merged, replies: Sequence[tuple[Label, Reply]], what: str) -> Merged:
        telling = [(label, reply) for label, reply in replies if says_anything(reply)]
        for label, reply in telling:
            for answer in reply.answers:
                merged.add(label, answer)
        self._denied = self._denied or bool(merged.denied)
        self._stop_at(_failures(telling, what))
        for text in [text for text, told in self._passed.items() if not told]:
            merged.note(self.version, "not-evaluated", f"passed, as {self._open} says: {text}")
            self._passed[text] = True
        self._check()
        return merged

    def _know(self, secrets: Set[str]) -> None:
        if not secrets <= self._secrets:
            self._secrets |= secrets
            self._redactor = Redactor(self._secrets)

    def _redactor_of(self, request: bytes, *, stack: bool = False) -> Redactor:
        secrets = secrets_in(request, stack=stack)
        return Redactor(self._secrets | secrets) if secrets else self._redactor

    def _read(self, read: Callable[[bytes], T], request: bytes) -> T:
        try:
            return read(request)
        except DecodeError as error:
            raise Stopped(f"the CLI sent what cannot be read: {error}") from None


def _failures(replies: Iterable[tuple[Label, Reply]], what: str) -> list[str]:
    return [unjudged(label, what, reply.failures) for label, reply in replies if reply.failures]


def entity_of(stack: Stack) -> Entity:
    """The stack as an entity of policy groups."""
    return Entity("stack", f"{stack.organization}/{stack.project}/{stack.stack}", stack.tags)


def _unknown(stack: Stack, error: PackregError, version: str) -> PreparedPacks:
    """The `PreparedPacks` for a stack whose required packs are not known: no packs, and an error."""
    entity = entity_of(stack)
    problem = Problem("not-known", f"what {entity} must run is not known: {error}", hint=error.hint)
    required = Required(entity, "preventative", 0, (), (), (Unavailable(OWN_NAME, version, problem),))
    return PreparedPacks(required)


def _summary(required: Required) -> str:
    """The required packs, in one line."""
    if required.nothing:
        return f"{required.entity}: {Governed(required).nothing_said()}; no policy pack is enforced"
    packs = [f"{each.pack}@{each.version}" for each in required.packs]
    packs += [f"{each.pack} (not available)" for each in required.unavailable if each.pack != OWN_NAME]
    return f"{required.entity} must pass {', '.join(packs) or 'policy packs, which could not be looked up'}"
