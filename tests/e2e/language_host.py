"""A stand-in for the language hosts that come with the Pulumi CLI, which no package registry has.

Run as `language_host.py RUNTIME` it serves `pulumirpc.LanguageRuntime` on a free port of the loopback
interface and prints the port, as the CLI expects of `pulumi-language-<runtime>`. It starts policy packs as
Pulumi's own hosts do (pulumi-language-python, pulumi-language-nodejs: `RunPlugin`), and nothing else.
"""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

RUNNER = "node_modules/@pulumi/pulumi/cmd/run-policy-pack/index.js"


def python_command(pack: Path, options: dict[str, Any], engine: str) -> list[str]:
    """With the interpreter of the pack's environment: its `__main__.py`, else the package that it builds."""
    python = [str(pack / str(options.get("virtualenv") or "venv") / "bin" / "python"), "-u", "-m"]
    if (pack / "__main__.py").exists():
        return [*python, "pulumi.policy", engine, str(pack)]
    project = tomllib.loads((pack / "pyproject.toml").read_text("utf-8"))["project"]
    return [*python, "pulumi.run.plugin", project["name"], engine]


def nodejs_command(pack: Path, options: dict[str, Any], engine: str) -> list[str]:
    """With the SDK in the pack's own node_modules, and in its directory, whose package.json the SDK reads."""
    return ["env", "-C", str(pack), "node", RUNNER, engine, "."]


def opa_command(pack: Path, options: dict[str, Any], engine: str) -> list[str]:
    """With the analyzer on PATH, which is packreg's own."""
    return ["pulumi-analyzer-policy-opa", engine, str(pack)]


COMMANDS = {"python": python_command, "nodejs": nodejs_command, "opa": opa_command}


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers what the CLI asks before it runs a policy pack, and runs it."""

    def __init__(self, runtime: str) -> None:
        self._command = COMMANDS[runtime]

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Accept the engine as it is."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say which version this is."""
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What runs here ends with its connection."""
        return Empty()

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A policy pack needs no providers."""
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Name nothing."""
        return language_pb2.AboutResponse()

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """packreg has installed them."""
        yield from ()

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack, pass on what it writes, at the end its exit code; it ends with the call."""
        pack = Path(request.info.program_directory)
        options = MessageToDict(request.info.options)
        process = subprocess.Popen(
            self._command(pack, options, request.args[0]),
            cwd=request.pwd,
            env=dict(entry.split("=", 1) for entry in request.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(process.kill)
        said: queue.Queue[Any] = queue.Queue()
        pipes = {"stdout": process.stdout, "stderr": process.stderr}
        for name, pipe in pipes.items():
            threading.Thread(target=_pass_on, args=(name, pipe, said), daemon=True).start()
        open_pipes = len(pipes)
        while open_pipes:
            response = said.get()
            if response is None:
                open_pipes -= 1
            else:
                yield response
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _pass_on(name: str, pipe: IO[bytes] | None, said: queue.Queue[Any]) -> None:
    assert pipe is not None
    with pipe:
        while chunk := pipe.read1(65536):  # type: ignore[attr-defined]
            said.put(language_pb2.RunPluginResponse(**{name: chunk}))
    said.put(None)


def main() -> None:
    """Serve until the CLI ends the process."""
    server = grpc.server(ThreadPoolExecutor(max_workers=64))  # each pack that runs holds one
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(sys.argv[1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    signal.signal(signal.SIGINT, lambda number, frame: server.stop(1))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
