"""The container image is built from the checkout and runs packs of all runtimes, where an engine works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.user import FIXTURES

ROOT = Path(__file__).parents[2]
PACKS = {
    "python-guard": "python-guard@1.0.0",
    "nodejs-guard": "nodejs-guard@1.0.0",
    "opa-guard": "opa_guard@1.0.0",
}
RESOURCE = {"type": "demo:index:Bucket", "name": "open", "properties": {"acl": "public-read"}}
#: What is run in the image for a pack: the words of a user, one after the other.
USE = """
set -e
packreg publish "/packs/$1"
packreg install "$2"
packreg analyze "$2" --resources /packs/resources.jsonl --json
"""


class Image:
    """An image that was built, and how to run it."""

    def __init__(self, engine: str, tag: str, place: Path) -> None:
        self.engine, self.tag = engine, tag
        self.packs = place / "packs"
        self.home = place / "home"
        self.home.mkdir(parents=True)
        self.home.chmod(0o777)
        for name in PACKS:
            shutil.copytree(FIXTURES / name, self.packs / name, ignore=shutil.ignore_patterns("node_modules"))
        (self.packs / "resources.jsonl").write_text(json.dumps(RESOURCE) + "\n")

    def run(self, *words: str, entry: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in a new container that may do as little as docs/deploy.md says."""
        command = [self.engine, "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]
        command += ["-v", f"{self.home}:/var/lib/packreg:rw", "-v", f"{self.packs}:/packs:ro"]
        command += ["--entrypoint", entry] if entry else []
        return subprocess.run([*command, self.tag, *words], capture_output=True, text=True)


def engine() -> tuple[str, str]:
    """The first container engine that works here; or "" and why there is none."""
    why = []
    for name in ("docker", "podman"):
        if shutil.which(name) is None:
            why.append(f"{name} is not installed")
            continue
        told = subprocess.run([name, "info"], capture_output=True, text=True)
        if told.returncode == 0:
            return name, ""
        why.append(f"`{name} info` ends with {told.returncode}")
    return "", "; ".join(why)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image of this checkout, on the base that `PACKREG_IMAGE_BASE` names, or on its own."""
    found, why = engine()
    if not found:
        pytest.skip(f"no container engine works here: {why}")
    tag = f"packreg-tests:{os.getpid()}"
    base = os.environ.get("PACKREG_IMAGE_BASE")
    words = ["--build-arg", f"BASE={base}"] if base else []
    subprocess.run([found, "build", *words, "-t", tag, "."], cwd=ROOT, check=True)
    yield Image(found, tag, tmp_path_factory.mktemp("image"))
    subprocess.run([found, "rmi", "-f", tag], capture_output=True)


def done(ran: subprocess.CompletedProcess[str], codes: Sequence[int] = (0,)) -> str:
    """What a command printed that had to end with one of these codes."""
    assert ran.returncode in codes, ran.stdout + ran.stderr
    return ran.stdout


def test_it_runs_as_nobody_in_particular(image: Image) -> None:
    """Not as root, and it may write to its home and /tmp alone."""
    assert done(image.run("-u", entry="id")).strip() == "65532"
    assert "packreg" in done(image.run("--version"))
    done(image.run("-c", "touch /tmp/x /var/lib/packreg/x && ! touch /opt/packreg/x 2>/dev/null", entry="sh"))
    assert done(image.run("doctor"), (0, 1))


def test_it_says_what_is_in_it(image: Image) -> None:
    """In CycloneDX: packreg and what it depends on, Node.js, and OPA."""
    for name, part in (("python", "packreg"), ("node", "nodejs"), ("opa", "open-policy-agent/opa")):
        text = done(image.run(f"/usr/share/packreg/sbom/{name}.cdx.json", entry="cat"))
        document = json.loads(text)
        assert document["bomFormat"] == "CycloneDX"
        assert part in text


@pytest.mark.parametrize("pack", PACKS)
def test_it_runs_packs_of_every_runtime(pack: str, image: Image) -> None:
    """Published, installed and asked about a public bucket, all in the image."""
    output = done(image.run("-c", USE, "use", pack, PACKS[pack], entry="sh"), (3,))
    assert json.loads(output[output.index("\n{") :])["verdict"] == "denied"
