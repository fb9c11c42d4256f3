"""OPA packs: resources judged per second of processor time, from encoded requests to encoded answers.

A stack of 40 resource types, half of which the pack has rules for, where one resource in twenty breaks one;
then a stack in which every resource is looked at by every rule and half of them break one. Other programs on
the machine stretch the wall clock, so the processor time of the analyzer process counts.

    python benchmarks/opa.py [--resources 10000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import programs

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_resource
from packreg.analyzer.protocol.many import BATCH, METHOD, SERVICE, answers, join
from packreg.analyzer.supervisor import descendants
from packreg.opa.program import analyzer_command

TICKS = os.sysconf("SC_CLK_TCK")
RULE = """
deny[msg] {{
  input.type == "cloud:index:Type{number}"
  not input.encryption.enabled
  msg := sprintf("%s must be encrypted", [input.__name])
}}
deny[msg] {{
  input.type == "cloud:index:Type{number}"
  tag := data.config.deny.tags[_]
  not input.tags[tag]
  msg := sprintf("%s has no tag %s", [input.__name, tag])
}}
warn_name[msg] {{
  input.type == "cloud:index:Type{number}"
  not regex.match("^[a-z][a-z0-9-]*$", input.__name)
  msg := sprintf("%s is not a good name", [input.__name])
}}
"""
PACKS = {
    "mixed stack": "package bench\n" + "".join(RULE.format(number=number) for number in range(20)),
    "every rule looks": "package bench\n"
    + "".join(
        RULE.replace('input.type == "cloud:index:Type{number}"', "input.type").format() for _ in range(4)
    ),
}


def requests(count: int, broken: int) -> list[bytes]:
    """Encoded requests; one in `broken` breaks a rule."""
    made = []
    for number in range(count):
        type = f"cloud:index:Type{number % 40}"
        properties: dict[str, Any] = {
            "encryption": {"enabled": number % broken != 0, "key": "alias/main"},
            "tags": {"owner": "team", "cost": "42"},
            "size": float(number),
            "rules": [{"port": 443.0, "cidr": "10.0.0.0/8"}, {"port": 80.0, "cidr": "10.1.0.0/16"}],
            "description": "a resource like many others",
        }
        urn = f"urn:pulumi:dev::bench::{type}::resource-{number}"
        name = f"resource-{number}"
        made.append(
            encode_resource(
                {
                    "type": type,
                    "urn": urn,
                    "name": name,
                    "properties": properties,
                    "options": {"protect": True},
                }
            )
        )
    return made


def processor(pid: int) -> float:
    """Seconds of processor time that a process and those below it have used."""
    spent = 0.0
    for each in (pid, *descendants(pid)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / TICKS
    return spent


def singly(channel: grpc.Channel, encoded: Sequence[bytes]) -> int:
    """One call per resource, 16 under way; the number of findings."""
    call = channel.unary_unary(
        "/pulumirpc.Analyzer/Analyze", response_deserializer=pb.AnalyzeResponse.FromString
    )
    waiting: deque[Any] = deque()
    found = 0
    for request in encoded:
        waiting.append(call.future(request))
        if len(waiting) >= 16:
            found += len(waiting.popleft().result().diagnostics)
    return found + sum(len(answer.result().diagnostics) for answer in waiting)


def batched(channel: grpc.Channel, encoded: Sequence[bytes]) -> int:
    """Many resources per call, two calls under way; the number of findings."""
    ask = channel.unary_unary(f"/{SERVICE}/{METHOD}", response_deserializer=answers)
    waiting: deque[Any] = deque()
    found = 0
    for start in range(0, len(encoded), BATCH):
        waiting.append(ask.future(join(encoded[start : start + BATCH]), timeout=120))
        if len(waiting) >= 2:
            found += findings(waiting.popleft().result())
    return found + sum(findings(answer.result()) for answer in waiting)


def findings(answered: Sequence[pb.AnalyzeResponse | str]) -> int:
    """The findings in the answers of one call."""
    return sum(len(answer.diagnostics) for answer in answered if not isinstance(answer, str))


def opa(on: Path, rounds: int, small: bool = False, count: int = 10_000) -> str:
    """A Markdown table, each row the median of its rounds by the analyzer's processor time."""
    program = str(programs.opa())
    count = 300 if small else count
    lines = [
        f"### OPA packs: the analyzer itself, {count:,} resources",
        "",
        f"{rounds} rounds.",
        "",
        "| pack | calls | resources/s of analyzer CPU | of both CPUs | by the clock | findings |",
        "|---|---|---|---|---|---|",
    ]
    for name, source in PACKS.items():
        encoded = requests(count, 20 if name == "mixed stack" else 2)
        for calls, ask in (("one per resource", singly), (f"{BATCH} per call", batched)):
            with tempfile.TemporaryDirectory(dir=on) as pack:
                Path(pack, "bench.rego").write_text(source)
                Path(pack, "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.0.0\n")
                spent = sorted(_spent(program, pack, encoded, ask) for _ in range(rounds))[rounds // 2]
            rates = (f"{count / seconds:,.0f}" for seconds in spent[:3])
            lines.append(f"| {name} | {calls} | {' | '.join(rates)} | {spent[3]:,} |")
    return "\n".join([*lines, ""])


def _spent(
    program: str, pack: str, encoded: Sequence[bytes], ask: Callable[[grpc.Channel, Sequence[bytes]], int]
) -> tuple[float, float, float, int]:
    """Seconds of the analyzer's processor, of both, of the clock; and the findings."""
    process = subprocess.Popen(
        [*analyzer_command(program), "", "."], cwd=pack, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout
    channel = grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}")
    ask(channel, encoded[:200])
    before, own, clock = processor(process.pid), time.process_time(), time.perf_counter()
    found = ask(channel, encoded)
    clock = time.perf_counter() - clock
    own, theirs = time.process_time() - own, processor(process.pid) - before
    channel.close()
    process.terminate()
    process.wait()
    return theirs, own + theirs, clock, found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(opa(Path(tempfile.gettempdir()), options.rounds, count=options.resources))


if __name__ == "__main__":
    main()
