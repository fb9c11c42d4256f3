"""`transfer` on the command line: what it prints, and a kill in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from packreg.store.open import open_store
from tests.cli.conftest import User
from tests.cli.kept import keep
from tests.reports.kept import stored


def test_a_registry_moves_and_says_so(user: User) -> None:
    """The proof is on stdout, and what a program wants in JSON."""
    keep(user, stored(), stored(day=2))
    target = user.top / "target"
    dry = user.must("transfer", user.top / "registry", target, "--dry-run").out
    assert dry.startswith("5 of 5 objects would be copied")
    done = user.must("transfer", user.top / "registry", target).out
    assert "5 objects are the same on both sides: sha256:" in done
    assert "with governance at revision 1" in done
    found = user.must("transfer", user.top / "registry", target, "--json").json()
    assert (found["copied"], found["done"], found["proof"]["objects"]) == (0, True, 5)
    assert found["proof"]["digest"] in done
    user.extra["PACKREG_REGISTRY"] = str(target)
    assert user.must("compliance").out.startswith("organization/shop/dev")


def within(user: User, code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run `transfer` in a process of its own in which `meet` is called before every chain or object."""
    program = (
        "import os, signal, sys; from packreg.registry.copying import Copying; copy = Copying._copy_chain\n"
        f"def meet(self, chain):\n    {code}\n    return copy(self, chain)\n"
        "Copying._copy_chain = meet; from packreg.cli.start import main; sys.exit(main(sys.argv[1:]))"
    )
    places = (str(user.top / "registry"), str(user.top / "target"))
    return subprocess.run(
        [sys.executable, "-c", program, "transfer", *places, *words],
        env=user.environ,
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_a_changed_source_ends_with_12_and_names_what_changed(user: User) -> None:
    """In the error's own document, too."""
    keep(user, stored())
    late = "'reports' in chain[0].key and self._source.create('packs/late/v/1.0.0', b'')"
    done = within(user, late, "--json")
    assert done.returncode == 12, done
    found = json.loads(done.stdout)
    assert found["transfer"]["arrived"]["keys"] == ["packs/late/v/1.0.0"]
    assert not found["transfer"]["done"]
    assert b"packs/late/v/1.0.0" in done.stderr
    assert not (user.top / "target" / "registry.json").exists()


def test_kill_9_in_the_middle_loses_nothing(user: User) -> None:
    """The next run copies the rest, and proves all of it."""
    keep(user, *(stored(day=day) for day in range(1, 4)))
    done = within(user, "'runs' in chain[0].key and os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL, done
    target = user.top / "target"
    assert not (target / "registry.json").exists()
    assert sum(1 for _ in open_store(str(target)).list_all("reports/")) == 3
    again = user.must("transfer", user.top / "registry", target, "--json").json()
    assert again["done"]
    assert again["copied"] == again["objects"] - 3
