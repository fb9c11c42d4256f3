"""Write to the terminal: data on stdout, messages on stderr, without anything a terminal or CI log obeys."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from packreg.cli.colours import BOLD, CYAN, JUDGED, OFF, RED, YELLOW, painted, painted_line
from packreg.errors import InstallError, InvalidPack, PackregError, error_json
from packreg.services.notify import Notify, Work
from packreg.text import harmless_json, plain, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packreg.services.log import Level


class ReaderGone(Exception):
    """The reader of stdout has closed it, as `head` does."""


def json_text(value: object) -> str:
    """`value` as one ASCII JSON document, with no workflow command in it."""
    import json

    return harmless_json(json.dumps(value, indent=2))


class Output(Notify):
    """Writes for one run of the command. `json`, `quiet` and `verbose` are set when options are parsed.

    With `json_log` messages are lines of JSON (`services.log`), which have the time that `now` gives and the
    command that is `running`.
    """

    def __init__(self, environ: Mapping[str, str], now: Callable[[], str] = str) -> None:
        self.json = False
        self.quiet = False
        self.verbose = False
        self.json_log = False
        self.running = ""
        self._now = now
        self._plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"

    # -- data ------------------------------------------------------------------------------------------

    def line(self, text: str = "") -> None:
        """Write one line of data."""
        self._stdout(plain(text) + "\n")

    def judged(self, text: str) -> None:
        """Write one line of a report: on a terminal with its levels, severity and verdict in colour."""
        self._stdout((painted_line(plain(text)) if self.paints else plain(text)) + "\n")

    def command(self, text: str) -> None:
        """Write a line with a workflow command of packreg; foreign text in it must be escaped already."""
        self._stdout(f"{text}\n")

    def json_lines(self, values: Iterable[object]) -> None:
        """Write a JSON document on each line, in ASCII."""
        import json

        for value in values:
            self._stdout(harmless_json(json.dumps(value, sort_keys=True)) + "\n")

    def raw_path(self, path: str | os.PathLike[str]) -> None:
        """Write a path for another program, byte for byte as the operating system has it."""
        stdout = sys.stdout
        self.flush()
        try:
            stdout.buffer.write(os.fsencode(path) + os.linesep.encode())
            stdout.buffer.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def patch(self, lines: Iterable[str]) -> None:
        """Write the lines of a patch: escaped on a terminal, else unchanged for another program."""
        if sys.stdout.isatty():
            for line in lines:
                self.line(line.replace("\t", "    "))
            return
        stdout = sys.stdout
        self.flush()
        try:
            stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
            stdout.buffer.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def document(self, value: object) -> None:
        """Write the JSON document of a command."""
        self._stdout(json_text(value) + "\n")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write rows as aligned columns under a header on a terminal, else as tab-separated fields.

        Where the terminal is too narrow, the widest columns are folded, between words where that is possible.
        """
        cells = [[plain(str(cell)) for cell in row] for row in rows]
        columns = self.columns
        if columns is None:
            self._stdout("".join("\t".join(row) + "\n" for row in cells))
            return
        if not cells:
            return
        widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
        lines = [(row, row) for row in cells]
        if sum(widths) + 2 * (len(widths) - 1) > columns:
            from packreg.cli.folding import fitted, folded

            widths = fitted([list(header), *cells], columns)
            lines = [(line, row) for row in cells for line in folded(row, widths)]
        judged = [name in JUDGED and self.paints for name in header]

        def aligned(line: Sequence[str], row: Sequence[str]) -> str:
            parts = zip(line, row, widths, judged, strict=True)
            return "  ".join(
                (painted(part, whole) if paint else part) + " " * (width - len(part))
                for part, whole, width, paint in parts
            ).rstrip()

        capitals = [word.upper() for word in header]
        head = aligned(capitals, capitals)
        self._stdout((f"{BOLD}{head}{OFF}" if self.paints else head) + "\n")
        self._stdout("".join(aligned(*both) + "\n" for both in lines))

    @property
    def paints(self) -> bool:
        """Whether data may have colours: stdout is a terminal, without NO_COLOR or TERM=dumb."""
        return not self._plain and _is_terminal(sys.stdout)

    @property
    def columns(self) -> int | None:
        """The width of the terminal on stdout, in characters; None if stdout is no terminal."""
        if not _is_terminal(sys.stdout):
            return None
        import shutil

        return shutil.get_terminal_size().columns

    def flush(self) -> None:
        """Flush stdout.

        Raises:
            ReaderGone: the reader has closed it.
        """
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def _stdout(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            raise ReaderGone from None

    # -- talk ------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Tell the user what happened; silent with `--quiet`."""
        if not self.quiet:
            self._tell("info", text)

    def detail(self, text: str, **fields: Any) -> None:
        """Tell the user more; only with `-v`."""
        if self.verbose:
            self._tell("debug", text, **fields)

    def warn(self, text: str, hint: str = "") -> None:
        """Tell the user what may surprise them; also with `--quiet`."""
        self._tell("warning", text, hint=hint)

    def error(self, text: str, hint: str = "") -> None:
        """Tell the user what failed, and how to fix it."""
        self._tell("error", text, hint=hint)

    def failure(self, error: PackregError, **beside: object) -> int:
        """Report an error that ends the command, with its problems; returns its exit code.

        `beside` is added to the JSON document: what was done before the failure.
        """
        described = error_json(error)
        log = error.log if isinstance(error, InstallError) and error.log not in str(error) else ""
        if self.json_log:
            known: dict[str, Any] = {name: value for name, value in described.items() if name != "message"}
            self._tell("error", str(error), log=log, **known)
        else:
            self._failure(error, log)
        if self.json:
            from packreg.services.log import credentials_hidden

            self.document({"error": credentials_hidden(described), **beside})
        return error.exit_code

    def _failure(self, error: PackregError, log: str) -> None:
        self.error(str(error), "" if isinstance(error, InvalidPack) else error.hint)
        if isinstance(error, InvalidPack):
            for problem in error.problems:
                self._stderr("  " + plain(str(problem)))
                if problem.hint:
                    self._stderr("    " + plain(f"hint: {problem.hint}"))
            if error.hint:
                self._labelled("hint", CYAN, error.hint)
        if log:
            self._labelled("log", CYAN, log)

    def _tell(self, level: Level, text: str, *, hint: str = "", **fields: Any) -> None:
        if self.json_log:
            from packreg.services.log import log_line

            self._stderr(log_line(self._now(), level, text, command=self.running, hint=hint, **fields))
            return
        text, hint = without_credentials(text), without_credentials(hint)
        colour = {"warning": YELLOW, "error": RED}.get(level)
        if colour is None:
            self._stderr(plain(text))
            return
        self._labelled(level, colour, text)
        if hint:
            self._labelled("hint", CYAN, hint)

    @contextmanager
    def working(self, total: int | None = 1, doing: str = "") -> Iterator[Work]:
        """Show progress on a terminal; elsewhere print the steps, with `-v` only."""
        if not self.shows_progress:
            yield Work(self.detail)
            return
        from packreg.cli.progress import drawn

        with drawn(total, doing) as work:
            yield work

    def _labelled(self, label: str, colour: str, text: str) -> None:
        """Write `label: text`; further lines of the text are indented, so that none can look like a label."""
        first, *rest = text.splitlines() or [""]
        head = f"{colour}{label}:{OFF}" if self.colourful else f"{label}:"
        self._stderr("\n".join([f"{head} {plain(first)}", *(f"  {plain(line)}" for line in rest)]))

    @property
    def colourful(self) -> bool:
        """Whether messages may have colours: stderr is a terminal, without NO_COLOR or TERM=dumb."""
        return not self._plain and _is_terminal(sys.stderr)

    @property
    def shows_progress(self) -> bool:
        """Whether to show progress: if messages may have colours, and without `--quiet`."""
        return not (self.quiet or self.json_log or self._plain) and _is_terminal(sys.stderr)

    @staticmethod
    def _stderr(text: str) -> None:
        """Write to stderr; a closed stderr is no error."""
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except OSError:
            return


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def forget_stdout() -> None:
    """Send the rest of stdout to nowhere, so that Python does not report a closed pipe at exit."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        return
