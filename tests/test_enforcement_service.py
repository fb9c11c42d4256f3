"""The enforcement service of docs/library.md: what the page shows is a program that keeps its promises."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.pages import DOCS, Terminal, blocks
from tests.readme_install import readme_install

PAGE = next(page for page in DOCS if page.name == "library.md")
BUCKET = "aws:s3/bucket:Bucket"


class Service:
    """The service, and a caller of it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, path: str, document: object = None) -> tuple[int, Any]:
        """The status and the document of an answer; with `document` something is posted."""
        data = None if document is None else json.dumps(document).encode()
        try:
            with urlopen(Request(f"{self._address}/{path}", data)) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refused:
            return refused.code, json.load(refused)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Somebody whose registry requires a Python pack of every stack."""
    made = Terminal(tmp_path_factory.mktemp("service") / "ada", readme_install())
    words = ("new python guard", "init", "publish guard", "enable --yes guard@^0.1")
    code, said = made.run(" && ".join(f"packreg {word}" for word in words))
    assert code == 0, said
    return made


@pytest.fixture(scope="module")
def service(terminal: Terminal) -> Iterator[Service]:
    """The page's program, started as a process of its own, which ends without a word when it is told to."""
    [program] = [block for block in blocks(PAGE) if "serve_forever" in block.text]
    file = terminal.work / "service.py"
    file.write_text(program.text)
    registry = terminal.home / ".local" / "share" / "packreg" / "registry"
    home, state = terminal.home / "service" / "home", terminal.home / "service" / "state"
    process = subprocess.Popen(
        [terminal.python, str(file), str(registry), str(home), str(state)],
        cwd=terminal.work,
        env=terminal.environ,
        stdout=subprocess.PIPE,
        stderr=(terminal.home / "log").open("wb"),
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port, (terminal.home / "log").read_text()
        yield Service(f"http://127.0.0.1:{int(port)}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (terminal.home / "log").read_text()
        assert not list((state / "runs").glob("*")), "what was unpacked is removed"
    finally:
        process.kill()
        process.wait()


def resources(acl: str) -> list[dict[str, object]]:
    """A stack with a bucket."""
    root = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
    urn = f"urn:pulumi:prod::shop::{BUCKET}::logs"
    inputs: Mapping[str, object] = {"acl": acl}
    bucket = {"urn": urn, "type": BUCKET, "custom": True, "inputs": inputs, "outputs": inputs, "parent": root}
    return [{"urn": root, "type": "pulumi:pulumi:Stack"}, bucket]


def state(acl: str) -> dict[str, object]:
    """What `pulumi stack export` writes."""
    return {"version": 3, "deployment": {"resources": resources(acl)}}


def preview(acl: str, **more: object) -> dict[str, object]:
    """What `pulumi preview --json` writes."""
    steps = [{"op": "create", "urn": each["urn"], "newState": each} for each in resources(acl)]
    return {"steps": steps, **more}


def verdicts(service: Service) -> list[str]:
    """How the last runs ended, by the reports that were kept."""
    status, document = service.ask("shop/prod")
    assert (status, document["unreadable"]) == (200, [])
    return [report["verdict"] for report in document["reports"]]


def test_a_state_and_a_preview_are_decided_about(service: Service, terminal: Terminal) -> None:
    """The verdict and the report come back, and the report is kept where the commands find it."""
    status, denied = service.ask("shop/prod", state("public-read"))
    assert (status, denied["passes"], denied["verdict"]) == (200, False, "denied")
    [pack] = denied["report"]["packs"]
    assert (pack["name"], pack["violations"][0]["policy"]) == ("guard", "bucket-is-private")
    assert denied["kept"].startswith("reports/enforce/")
    status, allowed = service.ask("shop/prod?preview", preview("private"))
    assert (status, allowed["passes"], allowed["verdict"]) == (200, True, "allowed")
    assert verdicts(service)[:2] == ["allowed", "denied"]
    code, said = terminal.run("packreg report shop/prod --run enforce")
    assert code == 0 and "guard@0.1.0" in said, said


def test_what_is_not_decided_is_no_pass_and_no_report(service: Service) -> None:
    """Another stack's state, a preview that failed or lacks something, and nonsense, are refused."""
    before = verdicts(service)
    failed = preview("private", diagnostics=[{"message": "it raised", "severity": "error"}])
    lacking = preview("private", changeSummary={"same": 3})
    for path, document, code in (
        ("shop/dev", state("private"), 400),
        ("shop", state("private"), 400),
        ("../shop/prod", state("private"), 400),
        ("shop/prod", preview("private"), 422),
        ("shop/prod?preview", state("private"), 422),
        ("shop/prod?preview", failed, 422),
        ("shop/prod?preview", lacking, 422),
        ("shop/prod", "nonsense", 422),
    ):
        status, answer = service.ask(path, document)
        assert (status, answer.keys()) == (code, {"error", "hint"}), (path, answer)
    assert verdicts(service) == before


def test_several_ask_at_once(service: Service) -> None:
    """Each gets the answer to its own question."""
    asked = ["private", "public-read"] * 3
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda acl: service.ask("shop/prod", state(acl))[1]["verdict"], asked))
    assert answers == ["allowed", "denied"] * 3
