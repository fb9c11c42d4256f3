"""Judging states: packreg, the Pulumi CLI, and what a pack's own process can do at most.

    python benchmarks/judging.py [--sizes 100,1000,10000] [--rounds 3] [--on DIRECTORY]

Wants npm and node for the TypeScript pack, and Go for the Pulumi CLI, which is built once into `.build/`.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from judged import state, write_pack
from measure import Case, alone, command, measure, shown
from programs import ROOT, Missing, need, pulumi_directories, with_opa

from packreg.analyzer.analyzer import Analyzer
from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.feed import JudgedSnapshot
from packreg.analyzer.pool import Pool
from packreg.analyzer.protocol.many import BATCH
from packreg.cli.context import CommandContext
from packreg.services.pack_programs import configured, program_of, ready_packs
from packreg.states.snapshot import Snapshot
from packreg.states.state import read_state

#: Packs of one table: of which runtime, and how many.
Sets = Mapping[str, tuple[str, int]]
SIZES = (100, 1_000, 10_000)
IN_FLIGHT = 16
TICKS = os.sysconf("SC_CLK_TCK")
SETS: Sets = {
    "one Python pack": ("python", 1),
    "five Python packs": ("python", 5),
    "one TypeScript pack": ("typescript", 1),
    "one OPA pack": ("opa", 1),
}


def judging(on: Path, rounds: int, small: bool = False, sizes: Sequence[int] = SIZES) -> str:
    """Tables of start-to-verdict times, of resources per second against the ceiling, and of start-up.

    If `small`, over 20 resources and with one pack of each runtime, those that this machine can run.
    """
    sets, pulumi = SETS, ()
    if small:
        sizes, sets = (20,), {name: each for name, each in SETS.items() if each[1] == 1}
    try:
        pulumi = pulumi_directories(build=not small)
    except Missing as missing:
        print(f"not compared with the Pulumi CLI: {missing}", file=sys.stderr)
    try:
        need("node", "npm")
    except Missing as missing:
        print(f"TypeScript packs are not judged: {missing}", file=sys.stderr)
        sets = {name: each for name, each in sets.items() if each[0] != "typescript"}
    path = with_opa(os.environ["PATH"])
    with tempfile.TemporaryDirectory(dir=on) as scratch:
        bench = _Bench(Path(scratch), sets, path, pulumi, warm_up=not small)
        tables = [bench.verdicts(name, size, rounds) for name in sets for size in sizes]
        tables += [bench.rates(name, max(sizes), rounds) for name in sets if sets[name][1] == 1]
        tables.append(bench.starts(rounds))
        return "\n".join(tables)


class _Bench:
    """Packs that are ready to run, states, and the programs that judge."""

    def __init__(
        self, scratch: Path, sets: Sets, path: str, pulumi: Sequence[Path], *, warm_up: bool
    ) -> None:
        self.scratch, self.sets, self.pulumi, self.warm_up = scratch, sets, pulumi, warm_up
        self.environ = {
            **os.environ,
            "HOME": str(scratch / "user"),
            "PACKREG_HOME": str(scratch / "home"),
            "PACKREG_REGISTRY": str(scratch / "registry"),
            "PULUMI_HOME": str(scratch / "pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PATH": path,
        }
        (scratch / "user").mkdir()
        words = [f"./{runtime}-{n}" for runtime, count in sets.values() for n in range(count)]
        words = list(dict.fromkeys(words))
        for word in words:
            write_pack(scratch / word, word[2:].rpartition("-")[0])
        session = CommandContext(self.environ)
        session.__dict__["cwd"] = str(scratch)
        ready = ready_packs(session, words)
        self.programs = {
            word: PackToRun(program_of(session, pack, None), configured(), pack.version)
            for word, pack in zip(words, ready, strict=True)
        }
        places = (str(shims(scratch)), *map(str, pulumi), path)
        self.environ["PATH"] = os.pathsep.join(places)

    def words(self, name: str) -> list[str]:
        """The directories of a set of packs."""
        runtime, count = self.sets[name]
        return [f"./{runtime}-{number}" for number in range(count)]

    def file(self, size: int) -> Path:
        """A state with so many resources."""
        path = self.scratch / f"state-{size}.json"
        if not path.exists():
            path.write_bytes(state(size))
        return path

    def packreg(self, words: Sequence[str], file: Path, *more: str) -> Callable[[], None]:
        """`packreg analyze`, from its start to its report."""
        line = (
            sys.executable,
            "-m",
            "packreg",
            "analyze",
            *words,
            "--state",
            file,
            "--format",
            "json",
            *more,
        )
        return command(*line, cwd=self.scratch, env=self.environ)

    def verdicts(self, name: str, size: int, rounds: int) -> str:
        """From the start of the command to its verdict."""
        words, file = self.words(name), self.file(size)
        chosen = [argument for word in words for argument in ("--policy-pack", word)]
        pulumi = command(
            *("pulumi", "policy", "analyze", "--non-interactive", "--file", file, *chosen),
            cwd=self.scratch,
            env=self.environ,
        )
        cases = [
            *([Case("pulumi policy analyze", pulumi)] if self.pulumi else []),
            Case("packreg analyze", self.packreg(words, file)),
            Case("packreg analyze --workers 2", self.packreg(words, file, "--workers", "2")),
        ]
        title = f"To a verdict: {name}, {size:,} resources"
        return measure(title, cases, rounds, warm_up=self.warm_up)

    def rates(self, name: str, size: int, rounds: int) -> str:
        """Resources per second of one running pack: without any start-up, the stack's policies included."""
        pack = self.programs[self.words(name)[0]]
        snapshot = read_state(self.file(size).read_bytes(), "state.json")
        with Pool(keep=2) as pool:
            evaluate(snapshot, [_kept(pack)], pool=pool, workers=2)  # starts two of them, and configures them
            analyzer = pool.take(replace(_kept(pack).program, hosted=False, digest="served"))
            analyzer.configure(configured()(analyzer.info()) or {})
            cases = {
                "bare client, 16 calls at once": _bare(analyzer, snapshot, IN_FLIGHT),
                "bare client, one call after the other": _bare(analyzer, snapshot, 1),
            }
            if analyzer.batch > 1:
                cases[f"bare client, {BATCH} resources a call"] = _bare_many(analyzer, snapshot)
            pool.give_back(analyzer, reusable=True)
            for label, options in (
                ("packreg, one call at a time", {"in_flight": 1}),
                ("packreg", {}),
                ("packreg, two workers", {"workers": 2}),
            ):
                cases[label] = lambda o=options: evaluate(snapshot, [_kept(pack)], pool=pool, **o)  # type: ignore[misc]
            title = f"Resources a second: {name}, {size:,} resources"
            return _rates(title, cases, size, rounds, warm_up=self.warm_up)

    def starts(self, rounds: int) -> str:
        """What it takes until the first resource is judged."""
        file = self.file(2)
        one = [words[0] for words in map(self.words, self.sets)]
        alone = {word: self._alone(word) for word in dict.fromkeys(one)}
        cases = [Case(f"{word[2:]} alone, until it is configured", run) for word, run in alone.items()]
        cases += [Case(f"packreg analyze, {word[2:]}", self.packreg([word], file)) for word in alone]
        cases.append(Case("packreg analyze, these at once", self.packreg(list(alone), file)))
        cases += [
            Case(f"packreg analyze, {name}", self.packreg(self.words(name), file))
            for name, (_, count) in self.sets.items()
            if count > 1
        ]
        return measure("Start-up, two resources", cases, rounds, warm_up=self.warm_up)

    def _alone(self, word: str) -> Callable[[], None]:
        def run() -> None:
            with Pool(keep=0) as pool:
                pool.take(self.programs[word].program).info()

        return run


def _kept(pack: PackToRun) -> PackToRun:
    """The same pack, as a release, whose processes a pool keeps."""
    return replace(pack, program=replace(pack.program, digest="benchmark"))


def _requests(snapshot: Snapshot) -> tuple[list[bytes], bytes]:
    """What is asked about each resource, and about the stack."""
    judged = JudgedSnapshot(snapshot)
    return [item.analyze for item in judged.items()], judged.whole().analyze


def _bare(analyzer: Analyzer, snapshot: Snapshot, in_flight: int) -> Callable[[], object]:
    """A client that does nothing but ask, with requests that were made before."""
    requests, whole = _requests(snapshot)

    def run() -> None:
        waiting: deque[Any] = deque()
        for request in requests:
            waiting.append(analyzer.ask([("Analyze", request)]))
            if len(waiting) >= in_flight:
                waiting.popleft().result()
        for answer in waiting:
            answer.result()
        analyzer.ask([("AnalyzeStack", whole)]).result()

    return run


def _bare_many(analyzer: Analyzer, snapshot: Snapshot) -> Callable[[], object]:
    requests, whole = _requests(snapshot)

    def run() -> None:
        waiting: deque[Any] = deque()
        for start in range(0, len(requests), BATCH):
            waiting.append(analyzer.ask([("Analyze", one) for one in requests[start : start + BATCH]]))
            if len(waiting) >= 2:
                waiting.popleft().result()
        for answer in waiting:
            answer.result()
        analyzer.ask([("AnalyzeStack", whole)]).result()

    return run


def _rates(
    title: str, cases: dict[str, Callable[[], object]], size: int, rounds: int, *, warm_up: bool
) -> str:
    """A table of resources per second, against the fastest bare client."""
    measured = [Case(name, run) for name, run in cases.items()]
    own: dict[str, list[float]] = {name: [] for name in cases}
    for case in measured:
        case.run = _timed(case.run, own[case.name])
    measure(title, measured, rounds, warm_up=warm_up)
    ceiling = max(size / statistics.median(case.seconds) for case in measured if case.name.startswith("bare"))
    lines = [
        f"### {title}",
        "",
        f"{rounds} rounds.",
        "",
        "| case | resources/s | of the ceiling | median (min to max) | processor time beside the pack's |",
        "|---|---|---|---|---|",
    ]
    for case in measured:
        middle = statistics.median(case.seconds)
        times = f"{shown(middle)} ({shown(min(case.seconds))} to {shown(max(case.seconds))})"
        lines.append(
            f"| {case.name} | {size / middle:,.0f} | {size / middle / ceiling:.0%} | {times} |"
            f" {shown(statistics.median(own[case.name]))} |"
        )
    return "\n".join([*lines, ""])


def _timed(run: Callable[[], object], spent: list[float]) -> Callable[[], object]:
    import time

    def timed() -> None:
        before = time.process_time()
        run()
        spent.append(time.process_time() - before)

    return timed


def shims(scratch: Path) -> Path:
    """The directory with what the CLI starts packs by: no language hosts, and our own analyzer for OPA."""
    place = scratch / "shims"
    place.mkdir()
    for shim in (ROOT / "tests" / "e2e" / "shims").iterdir():
        (place / shim.name).symlink_to(shim)
    opa = place / "pulumi-analyzer-policy-opa"
    opa.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -u -m packreg.opa "$@"\n')
    opa.chmod(0o755)
    return place


if __name__ == "__main__":
    alone(__doc__, judging, SIZES, rounds=3)
