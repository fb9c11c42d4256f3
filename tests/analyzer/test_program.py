"""A pack's process before it runs: which programs are the same, and what a stack looks like to a pack."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from packreg.analyzer.program import Engine, Program, Stack


def test_programs_are_the_same_whatever_stack_they_judge() -> None:
    """A pool gives one process to all stacks, unless what the process sees differs."""
    program = Program("guard", Path("/packs/guard"), ("opa",), digest="sha256:1")
    same = replace(program, stack=Stack("dev", "shop"), engine=Engine("opa", "/bin/opa", "1.0.0"))
    assert same == program and hash(same) == hash(program)
    assert replace(program, environment=(("RULES", "strict"),)) != program


def test_neither_a_stack_nor_a_program_shows_secrets() -> None:
    """What a log shows of them has no configuration, no environment and no files."""
    program = Program(
        "guard",
        Path("/packs/guard"),
        ("opa",),
        (("RULES", "hidden-1"),),
        stack=Stack("dev", "shop", config={"shop:key": "hidden-2"}, secret_keys=("shop:key",)),
        files=(("KEY_FILE", b"hidden-3"),),
    )
    assert "hidden" not in repr(program)


def test_findings_and_settings_do_not_load_what_starts_packs() -> None:
    """Reading a report or a setting needs none of the parsers of manifests and requirements."""
    program = (
        "import sys, packreg.analyzer.findings, packreg.settings.limits; "
        "parsers = {'packreg.install', 'packreg.pack.manifest', 'yaml', 'packaging', 'subprocess'}; "
        "print(parsers & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
