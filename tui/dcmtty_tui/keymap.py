"""The key grammar as a pure step: counts as in vi, then the registry says what the key means here."""

from __future__ import annotations

from dataclasses import dataclass

from dcmtty_tui.actions import Action, Mode, Pane, by_word, for_key

LARGEST_COUNT = 100_000


@dataclass(frozen=True, slots=True)
class KeyState:
    """What was typed before this key."""

    digits: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """An action that is asked for, by a key with a count or by a word with arguments."""

    action: Action
    count: int | None = None
    arguments: tuple[str, ...] = ()
    text: str = ""
    """What was typed after the word, quotes and all."""
    is_typed: bool = False
    """Whether it was typed on the command line."""

    @property
    def times(self) -> int:
        """The count, 1 when none was typed."""
        return 1 if self.count is None else self.count


@dataclass(frozen=True, slots=True)
class Context:
    """Where the key was pressed."""

    mode: Mode
    pane: Pane


def step(state: KeyState, key: str, context: Context) -> tuple[KeyState, Call | None]:
    """Return the next state and the call that the key completes, if any."""
    if key.isascii() and key.isdigit() and (state.digits or key != "0"):
        digits = state.digits + key
        return KeyState(digits if int(digits) <= LARGEST_COUNT else state.digits), None
    if key == "escape" and state.digits:
        return KeyState(), None
    action = for_key(key, context.mode, context.pane)
    if action is None:
        return KeyState(), None
    return KeyState(), Call(action, int(state.digits) if state.digits else None)


@dataclass(frozen=True, slots=True)
class WordError:
    """A command line that names no action."""

    message: str


def parse_command(line: str, mode: Mode) -> Call | WordError:
    """Return the call that a command line asks for; a bare number goes to that slice.

    A quoted argument keeps its blanks; a file name may also be typed with blanks as the last argument.
    """
    words = line.strip().lstrip(":").split()
    if not words:
        return WordError("type a command, for example :slice 12, or ? for help")
    if words[0].isascii() and words[0].isdigit():
        words = ["slice", *words]
    action = by_word(words[0])
    if action is None:
        return WordError(f"no command {words[0]!r}; press ? for the commands")
    if mode not in action.modes:
        where = " or ".join(mode.value for mode in Mode if mode in action.modes)
        return WordError(f":{words[0]} works in {where} mode")
    typed = line.strip().lstrip(":").strip()
    return Call(action, None, _arguments(typed), "".join(typed.split(maxsplit=1)[1:]), is_typed=True)


def _arguments(line: str) -> tuple[str, ...]:
    out: list[str] = []
    current, quote, started = "", "", False
    for char in line:
        if quote:
            current, quote = (current, "") if char == quote else (current + char, quote)
        elif char in {'"', "'"} and not started:
            quote, started = char, True
        elif char.isspace():
            if started:
                out.append(current)
            current, started = "", False
        else:
            current, started = current + char, True
    if started:
        out.append(current)
    return tuple(out[1:]) if not line[:1].isdigit() else tuple(out)
