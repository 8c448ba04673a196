"""The `dcmtty` command: finds the subcommand, runs it, and maps every ending to an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from dcmtty.errors import DcmttyError, InputError, UsageError, WriteFailed
from dcmtty.progress import Cancelled
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import complete

COMMANDS = {
    "open": "Open files and folders in the full-screen app (the default).",
    "recover": "Continue a session that a crash or a line drop left behind.",
    "scan": "List the series in files and folders.",
    "tags": "Print the header of a file as a tree.",
    "diff": "Compare two files, or tell what varies across a series.",
    "show": "Print one slice in block characters, or save it as PNG.",
    "rtstruct": "Build structure sets, export their points.",
    "digest": "Print MD5 and SHA-256 of files.",
    "verify": "Check files against a manifest, or a device against a receipt.",
    "send": "Send files to devices over SFTP and prove that they arrived.",
    "devices": "Add, list, trust and check devices.",
}
EXIT_INTERNAL = 70
EXIT_CLOSED_PIPE = 141


class Terminated(BaseException):
    """A signal asked the process to end; `finally` blocks still run."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number


class Interrupted(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, because click would write an empty line for that."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the main job."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dcmtty_tui.cli.{'open_' if cmd_name == 'open' else cmd_name}")
        command: click.Command = module.command
        return complete(command)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let a first word that is no command mean `open`."""
        if not args or (args[0] not in COMMANDS and args[0] not in {"--help", "-h", "--version"}):
            args = ["open", *args]
        return super().parse_args(ctx, args)


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    if value:
        from dcmtty import __version__

        output.write_text(f"dcmtty {__version__}\n")
        ctx.exit(0)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A first word that is no command means open; a folder named like a command is ./scan. "
    "Exit codes: 0 done, 1 findings, 2 usage, 3 input, 4 connection, 5 verification failed, 7 write failed, "
    "70 internal error.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
def dcmtty() -> None:
    """DICOM on a plain terminal: look, contour, build RTSTRUCT, digest, send with proof."""


def _on_signal(signal_number: int, frame: FrameType | None) -> None:
    del frame
    raise Terminated(signal_number)


def _install_signal_handlers() -> None:
    for signal_number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signal_number) is signal.SIG_DFL:
            signal.signal(signal_number, _on_signal)


def _run(arguments: Sequence[str]) -> int:
    result = dcmtty.main(list(arguments), prog_name="dcmtty", standalone_mode=False)
    output.flush()
    return result if isinstance(result, int) else 0


def _usage_message(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "dcmtty"
    message = " ".join(error.format_message().split()).rstrip(".")
    return UsageError(message, remedy=f"see {path} --help")


def _known_ending(error: BaseException) -> int | None:
    """Return the exit code of an ending that is no failure of a command, or None."""
    if isinstance(error, click.exceptions.Exit | Terminated):
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt | Interrupted | Cancelled):
        diagnostics.line("dcmtty: interrupted; nothing half-made was kept")
        return 128 + signal.SIGINT
    if isinstance(error, output.ClosedPipe | BrokenPipeError | SystemExit):
        # click ends so when the help goes to a closed pipe; nothing of ours raises SystemExit in there
        output.abandon()
        return EXIT_CLOSED_PIPE
    return None


def _as_dcmtty_error(error: BaseException) -> DcmttyError | None:
    if isinstance(error, DcmttyError):
        return error
    if isinstance(error, click.FileError):
        return InputError(error.format_message(), remedy="check the path")
    if isinstance(error, click.ClickException):
        return _usage_message(error)
    help_failed = isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None
    if isinstance(error, output.OutputFailed) or help_failed:
        output.abandon()
        reason = error.strerror if isinstance(error, OSError) else error
        return WriteFailed(f"standard output: {reason}", remedy="check the disk behind it")
    return None


def exit_code(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error becomes one line on stderr."""
    try:
        return _run(arguments)
    except BaseException as error:  # noqa: BLE001 - the last handler of the command line
        ending = _known_ending(error)
        if ending is not None:
            return ending
        failure = _as_dcmtty_error(error)
        if failure is not None:
            return diagnostics.error(failure)
        if os.environ.get("DCMTTY_DEBUG"):
            traceback.print_exc()
        name = type(error).__name__
        diagnostics.line(f"dcmtty: internal error {name}; set DCMTTY_DEBUG=1 to see where, and report it")
        return EXIT_INTERNAL


def launch_app(paths: Sequence[Path] = (), recover: Path | None = None, ssh_config: str | None = None) -> int:
    """Start the full-screen app; Textual is imported here and nowhere else in the command line."""
    from dcmtty_tui.cli.terminal import require_capable_terminal

    require_capable_terminal()
    from dcmtty_tui.app import run_app

    return run_app(paths, recover, ssh_config)


def _open_closed_streams() -> None:
    """Put something in the place of standard streams that are closed, lest a file of ours gets their number.

    What is written to a standard output that was closed fails, as it must; the others are like /dev/null.
    """
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def main() -> None:
    """Run `dcmtty` as a process."""
    _open_closed_streams()
    _install_signal_handlers()
    sys.exit(exit_code(sys.argv[1:]))


if __name__ == "__main__":
    main()
