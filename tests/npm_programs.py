"""Programs from npm that tests need, installed once by the lock in their folder, and kept until it changes.

The result lies in the ignored directory `.build/` of the checkout, in a directory named by what went into it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".build" / "npm"


def install_npm_programs(module: Path) -> Path:
    """The directory with the programs of a package.json and package-lock.json: installed now or earlier.

    No script of a package is run. Raises RuntimeError with npm's own output where it cannot install.
    """
    files = [module / name for name in ("package.json", "package-lock.json")]
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    installed = CACHE / key
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side install it once
        if not (installed / "node_modules").is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="tmp-") as staging:
                for file in files:
                    shutil.copy(file, staging)
                command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
                done = subprocess.run(command, cwd=staging, capture_output=True, text=True)
                if done.returncode != 0:
                    raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}")
                installed.mkdir(exist_ok=True)
                for each in Path(staging).iterdir():
                    each.rename(installed / each.name)
    return installed / "node_modules" / ".bin"
