"""A Node.js pack that is asked in its own process cannot tell, and answers as over gRPC."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packreg.analyzer.analyzer import Analyzer, CallFailed
from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Deadlines
from packreg.analyzer.protocol import analyzer_pb2 as pb
from tests.analyzer.packs import Sdks, buckets, listed, program, runnable, short
from tests.analyzer.values import resources

ANY = """
const { PolicyPack } = require("@pulumi/policy");
const { version } = require("@pulumi/policy/package.json");

function sees(args, report) {
    const shown = JSON.stringify(args.props, (_, value) => typeof value === "number" ? `${value}` : value);
    report(`${args.type} ${args.urn} ${args.name} ${shown} ${args.opts.protect} ${args.opts.ignoreChanges}` +
        ` ${args.provider && args.provider.urn}`);
}

function changes(args, report) {
    for (const key of Object.keys(args.props)) {
        if (Array.isArray(args.props[key])) {
            args.props[key].push("changed");
        }
        args.props[key] = "changed";
    }
    args.props.more = 1;
}

new PolicyPack("any", { enforcementLevel: "mandatory", policies: [
    { name: "sees", description: "s", validateResource: sees },
    { name: "changes", description: "c", validateResource: changes },
    { name: "sees-again", description: "s", validateResource: async (args, report) => sees(args, report) },
    { name: "raises", description: "r", enforcementLevel: "disabled",
      validateResource: args => { throw new Error(`no good: ${args.name}`); } },
    ...(version.startsWith("v1.4.") ? [] : [{  // it knows no remediations
        name: "remedies", description: "r", enforcementLevel: "remediate",
        remediateResource: args => { if (args.props.acl) { return { ...args.props, acl: "private" }; } } }]),
    { name: "stack", description: "s", validateStack: (args, report) => {
        args.resources.forEach(each => report(`${each.urn} ${JSON.stringify(each.props)}`, each.urn)); } },
    { name: "stack-again", description: "s", validateStack: (args, report) => report(`${args.resources}`) },
] });
"""


def node_pack(directory: Path, source: str, modules: Path, **files: str) -> Path:
    """A pack with this program and these installed packages."""
    directory.mkdir(parents=True)
    manifest = "runtime:\n  name: nodejs\n  options:\n    typescript: false\nversion: 1.0.0\n"
    (directory / "PulumiPolicy.yaml").write_text(manifest)
    (directory / "package.json").write_text('{"name": "any", "version": "1.0.0", "main": "index.js"}')
    (directory / "index.js").write_text(source)
    for name, text in files.items():
        (directory / name).write_text(text)
    (directory / "node_modules").symlink_to(modules)
    return directory


def oldest(place: Path) -> Path:
    """The packages of the oldest SDK that is hosted."""
    place.mkdir()
    (place / "package.json").write_text("{}")
    wanted = ("@pulumi/policy@1.4.0", "@pulumi/pulumi@3.24.1")
    command = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted)
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    return place / "node_modules"


def said(analyzer: Analyzer, questions: Sequence[tuple[str, bytes]]) -> list[Any]:
    """What each question was answered with; of errors their kind, and text without the lines of the stack."""
    found: list[Any] = []
    for start in range(0, len(questions), analyzer.batch):
        for each in analyzer.ask(questions[start : start + analyzer.batch]).result():
            if isinstance(each, CallFailed):
                text = each.details.partition("    at ")[0].partition("\n")[0]
                text = text.partition("deserializing")[0]  # some versions of grpc-js say more
                found.append((each.kind, "" if each.kind == "unsupported" else text))
            else:
                found.append(each.SerializeToString(deterministic=True))
    return found


@pytest.mark.parametrize("version", ["1.4.0", "newest"])
def test_both_ways_give_the_same_answers(version: str, tmp_path: Path, sdks: Sdks) -> None:
    """To every method, over generated resources and bytes that are none.

    Policies that change what they were given change nothing for the next.
    """
    modules = oldest(tmp_path / "sdk") if version == "1.4.0" else sdks.node_modules
    pack = program(node_pack(tmp_path / "any", ANY, modules))
    made = resources(random.Random(7), 150)
    # over gRPC, a Remediate of properties that the SDK refuses has no answer at all
    questions = [("Remediate", request) for number, request in enumerate(made) if number % 10]
    questions += [("Analyze", request) for request in made]
    whole = pb.AnalyzeStackRequest(resources=map(pb.Resource.FromString, made[:40])).SerializeToString()
    questions += [("AnalyzeStack", whole), ("Analyze", b"\xff\xff")]
    answers = []
    for hosted in (True, False):
        with Pool(keep=0, deadlines=Deadlines(analyze=10)) as pool:
            analyzer = pool.take(replace(pack, hosted=hosted))
            assert analyzer.hosted == hosted
            info = analyzer.info()
            plain = said(analyzer, questions)
            analyzer.configure({"raises": {"enforcementLevel": "MANDATORY", "properties": {}}})
            answers.append((info, plain, said(analyzer, questions[-20:])))
    assert answers[0][0] == answers[1][0]
    for asked, at in ((questions, 1), (questions[-20:], 2)):
        for question, ours, theirs in zip(asked, answers[0][at], answers[1][at], strict=True):
            assert ours == theirs, question
    assert any(isinstance(each, bytes) and b"sees-again" in each for each in answers[0][1])
    assert {each[0] for each in answers[0][2] if isinstance(each, tuple)} >= {"raised"}


LOOKS = """
const { PolicyPack } = require("@pulumi/policy");
const { fork } = require("child_process");
const net = require("net");

new PolicyPack("looks", { enforcementLevel: "advisory", policies: [{
    name: "looks", description: "l", validateResource: (args, report) => {
        const listening = process._getActiveHandles().filter(each => each instanceof net.Server);
        const ours = Object.keys(process.env).filter(name => name.includes("PACKREG"));
        report(JSON.stringify([listening.length, ours,
            process.execArgv.filter(word => word === "--require"), process.argv.slice(2)]));
    } }] });
"""


def test_no_port_is_opened(tmp_path: Path, sdks: Sdks) -> None:
    """A hosted pack listens nowhere, and finds nothing of packreg's in its environment and arguments."""
    pack = runnable(node_pack(tmp_path / "looks", LOOKS, sdks.node_modules))
    [result] = evaluate(buckets("a"), [pack]).packs
    assert result.errors == ()
    assert result.violations[0].message.partition("\n")[2] == "[0,[],[],[]]"


OWN_SERVER = """
import grpc from "@grpc/grpc-js";
import { PolicyPack } from "@pulumi/policy";

const definition = { say: { path: "/own.Echo/Say", requestStream: false, responseStream: false,
    requestSerialize: data => data, requestDeserialize: data => data,
    responseSerialize: data => data, responseDeserialize: data => data } };
const server = new grpc.Server();
const say = (call, callback) => callback(null, Buffer.from(call.request).reverse());
server.addService(definition, { say });
let client;
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    const Client = grpc.makeGenericClientConstructor(definition, "Echo");
    client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});

new PolicyPack("own", { enforcementLevel: "advisory", policies: [{
    name: "asks", description: "a", validateResource: (args, report) => new Promise((resolve, reject) =>
        client.say(Buffer.from(args.name),
            (error, said) => error ? reject(error) : resolve(report(said.toString())))),
}] });
"""


def test_an_esm_pack_may_have_a_server_of_its_own(tmp_path: Path, sdks: Sdks) -> None:
    """Only the analyzer's service is taken, from whichever module asks for it; other servers serve."""
    own = '{"name": "any", "version": "1.0.0", "main": "index.js", "type": "module"}'
    directory = node_pack(tmp_path / "own", OWN_SERVER, sdks.node_modules, **{"package.json": own})
    pack = runnable(directory)
    [result] = evaluate(buckets("ab", "cd"), [pack]).packs
    assert result.errors == ()
    assert [found.message.partition("\n")[2] for found in result.violations] == ["ba", "dc"]
    with Pool(keep=0) as pool:
        assert pool.take(pack.program).hosted


WAITS = """
const { PolicyPack } = require("@pulumi/policy");
let inside = 0, most = 0;

new PolicyPack("waits", { enforcementLevel: "advisory", policies: [{
    name: "waits", description: "w", validateResource: async (args, report) => {
        inside += 1;
        most = Math.max(most, inside);
        if (args.props.waits) {
            await new Promise(resolve => setTimeout(resolve, 50));
        }
        report(`${args.name} ${most}`);
        inside -= 1;
    } }] });
"""


@pytest.mark.parametrize(("waits", "together"), [(True, 16), (False, 1)])
def test_only_handlers_that_wait_are_together(waits: bool, together: int, tmp_path: Path, sdks: Sdks) -> None:
    """Up to 16 that wait, as over gRPC; those that compute end before the next begins."""
    pack = runnable(node_pack(tmp_path / "waits", WAITS, sdks.node_modules))
    names = [f"b{number}" for number in range(100)]
    [result] = evaluate(buckets(*names, waits=waits), [pack]).packs
    said = [found.message.split("\n")[1].split() for found in result.violations]
    assert [name for name, _ in said] == names
    assert max(int(most) for _, most in said) == together


HANGS = """
const { PolicyPack } = require("@pulumi/policy");

new PolicyPack("hangs", { enforcementLevel: "advisory", policies: [{
    name: "hangs", description: "h", validateResource: (args, report) => {
        if (args.props.hangs === "loops") { for (;;) {} }
        if (args.props.hangs === "waits") { return new Promise(() => {}); }
        if (args.props.hangs === "rejects") { return Promise.reject(new Error("rejected")); }
        report(args.name);
    } }] });
"""


@pytest.mark.parametrize(
    ("how", "code"), [("loops", "no-answer"), ("waits", "no-answer"), ("rejects", "policy-raised")]
)
def test_the_one_that_gives_no_answer_is_known(how: str, code: str, tmp_path: Path, sdks: Sdks) -> None:
    """Of many in a frame one is an error; all others have their answers."""
    pack: PackToRun = runnable(node_pack(tmp_path / "hangs", HANGS, sdks.node_modules))
    given = [
        {"type": "demo:index:Bucket", "name": f"b{n}", "properties": {"hangs": how if n == 70 else "no"}}
        for n in range(100)
    ]
    with Pool(keep=0, deadlines=Deadlines(analyze=6)) as pool:
        [result] = evaluate(listed(given), [pack], pool=pool).packs
    assert [(error.code, short(error.urn)) for error in result.errors] == [(code, "b70")]
    assert [short(found.urn) for found in result.violations] == [f"b{n}" for n in range(100) if n != 70]
