"""What uv, pip and npm say when they fail: texts that they wrote (uv 0.11, pip 23 and 26, npm 11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.install.tool_errors import tool_error

PLACE = Path("/home/ada/.cache/packreg/envs/.building-83b69dfd-8ade6926")
LOG = "npm error A complete log of this run can be found in: /home/ada/.npm/_logs/2026-11-30T20-debug-0.log"
OUT_OF_STEP = """\
npm error code EUSAGE
npm error
npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.
npm error
npm error Invalid: lock file's semver@7.0.0 does not satisfy semver@7.8.6
npm error Missing: @pulumi/policy@1.21.0 from lock file
npm error
npm error Clean install a project
npm error
npm error Usage:
npm error npm ci
"""  # noqa: E501 - as npm wrote it
NOT_FOUND = """\
npm error code E404
npm error 404 Not Found - GET https://registry.example/no-such-thing
npm error 404
npm error 404  The requested resource 'no-such-thing@^1' could not be found or you do not have permission.
"""
CONFLICT = """\
npm error code ERESOLVE
npm error ERESOLVE unable to resolve dependency tree
npm error
npm error While resolving: a@0.0.0
npm error Found: react@16.14.0
npm error Could not resolve dependency:
npm error peer react@"^18.3.1" from react-dom@18.3.1
npm error For a full report see:
npm error /home/ada/.npm/_logs/2026-11-30T20_40_41_074Z-eresolve-report.txt
"""
INTEGRITY = """\
npm error code EINTEGRITY
npm error Integrity checksum failed when using sha512: wanted sha512-AAAA== but got sha512-BBBB==.
"""
REFUSED = """\
npm error code ECONNREFUSED
npm error syscall connect
npm error errno ECONNREFUSED
npm error FetchError: request to http://127.0.0.1:9/yallist failed, reason: connect ECONNREFUSED 127.0.0.1:9
npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/lib/index.js:130:14)
npm error   code: 'ECONNREFUSED',
npm error If you are behind a proxy, please make sure that the 'proxy' config is set properly.
"""
OTHER_PLATFORM = """\
npm ERR! code EBADPLATFORM
npm ERR! notsup Unsupported platform for fsevents@2.3.3: wanted {"os":"darwin"} (current: {"os":"linux"})
npm ERR! notsup Valid os:  darwin
"""
UV_HASH = f"""\
Using Python 3.11.7 environment at: {PLACE}/env
Resolved 1 package in 210ms
error: Failed to download `six==1.16.0`
  cause: Hash mismatch for `six==1.16.0`

         Expected:
           sha256:0000
         Computed:
           sha256:8abb
"""
UV_NONE = """\
error: No solution found when resolving dependencies
  cause: Because no-such-thing was not found in the package registry and you require it, we can \
conclude that your requirements are unsatisfiable.
"""
UV_OLD = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because nothing was not found in the package registry, your requirements are unsatisfiable.
"""
UV_PLATFORM = """\
error: No solution found when resolving dependencies
  cause: Because pywin32==306 has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`)

hint: Wheels are available for `pywin32` (v306) on the following platforms: `win32`
"""
UV_DOWN = """\
error: Request failed after 3 retries in 11.8s
  cause: Failed to fetch: http://127.0.0.1:9/simple/flask/
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
PIP_HASH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    six==1.16.0 from https://files.example/six.whl (from -r requirements.txt (line 1)):
        Expected sha256 0000
             Got        8abb
"""  # noqa: E501 - as pip wrote it
PIP_NONE = """\
ERROR: Could not find a version that satisfies the requirement no-such-thing (from versions: none)
ERROR: No matching distribution found for no-such-thing
"""
CRASHED = """\
Traceback (most recent call last):
  File "<string>", line 5, in <module>
TypeError: Descriptors cannot be created directly.
If this call came from a _pb2.py file, your generated code is out of date.
"""
#: What was written, the reason, the hint, and what is not shown of it.
CASES = [
    (
        OUT_OF_STEP,
        "package.json and its lock are out of step: Invalid: lock file's semver@7.0.0 does not satisfy "
        "semver@7.8.6 (and 1 more)",
        "`npm install --package-lock-only`",
        "Usage",
    ),
    (
        NOT_FOUND,
        "Not Found - GET https://registry.example/no-such-thing",
        "that your package index has",
        "E404",
    ),
    (
        CONFLICT,
        'unable to resolve dependency tree: peer react@"^18.3.1" from react-dom@18.3.1',
        "`overrides`",
        "_logs",
    ),
    (
        INTEGRITY,
        "Integrity checksum failed when using sha512: wanted sha512-AAAA==",
        "another Python or",
        LOG,
    ),
    (REFUSED, "FetchError: request to http://127.0.0.1:9/yallist failed", "check the network", "/usr/lib"),
    (OTHER_PLATFORM, "Unsupported platform for fsevents@2.3.3", "`optionalDependencies`", "EBADPLATFORM"),
    (
        UV_HASH,
        "Failed to download `six==1.16.0`: Hash mismatch for `six==1.16.0`",
        "another Python or platform than the lock was made for",
        "building",
    ),
    (
        UV_NONE,
        "No solution found when resolving dependencies: Because no-such-thing was not",
        "has them",
        "×",
    ),
    (UV_OLD, "No solution found when resolving dependencies: Because nothing was not found", "has them", "a"),
    (UV_PLATFORM, "Because pywin32==306 has no wheels with a matching platform", "", "Using"),
    (UV_DOWN, "retries in 11.8s: Failed to fetch: http://127.0.0.1:9/simple/flask/", "check the network", ""),
    (
        PIP_HASH,
        "the file has another hash than the lock: six==1.16.0 from https://files.example/six.whl",
        "another Python or platform",
        "",
    ),
    (PIP_NONE, "No matching distribution found for no-such-thing", "has them", ""),
    (CRASHED, "TypeError: Descriptors cannot be created directly.", "", ""),
    ("\x1b[31mone\x1b[0m\ntwo\n", "", "", "\x1b"),
    ("error: No space left on device (os error 28)", "No space left on device", "free some space", ""),
    ("because the network was disabled", "", "cache export", ""),
    ("npm error code ENOTCACHED\nnpm error request failed", "request failed", "cache export", ""),
    ("has no usable wheels and building from source is disabled", "", "wheels", ""),
    ("HTTP status client error (401 Unauthorized)", "", "credentials", ""),
    ("getaddrinfo ENOTFOUND registry.example.com", "", "network", ""),
    ("something else entirely", "", "", ""),
]


@pytest.mark.parametrize(("output", "reason", "hint", "hidden"), CASES)
def test_a_tools_own_reason_comes_first(output: str, reason: str, hint: str, hidden: str) -> None:
    """Not the end of its output, which is usage, advice or the path of a log; then what to do about it."""
    said = tool_error([*output.splitlines(), LOG] if "npm" in output else output.splitlines(), PLACE)
    assert reason in said.reason and bool(reason) == bool(said.reason)
    assert hint in said.hint
    text = "\n".join(said.lines)
    assert "\n" not in said.reason and "\x1b" not in text and "_logs" not in text and ".building" not in text
    if len(hidden) > 1:
        assert hidden not in f"{said.reason}\n{text}"


def test_a_reason_that_is_all_is_not_said_twice() -> None:
    """Lines follow where they say more; and no more than a dozen."""
    assert tool_error(["npm error code E", "npm error it is so"], PLACE).lines == ()
    assert tool_error([f"line {n}" for n in range(100)], PLACE).lines == tuple(
        f"line {n}" for n in range(88, 100)
    )
    many = [f"npm error Missing: a{n}@1.0.0 from lock file" for n in range(50)]
    assert len(tool_error(many, PLACE).lines) == 12
