"""From keys to actions: counts, the entry line, and edits that wait until their slice is the one shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from dcmtty_tui.actions import BY_ID
from dcmtty_tui.keymap import Call, Context, KeyState, WordError, parse_command, step
from dcmtty_tui.line_edit import begin
from dcmtty_tui.screens.desk import HANDLERS, Desk
from dcmtty_tui.screens.entry import Entry
from dcmtty_tui.screens.predicates import reason_against

EnteredHandler = Callable[[Desk, str, str], None]


class Keyboard:
    """Takes keys one by one, in the order in which they were pressed."""

    def __init__(self, entered: EnteredHandler) -> None:
        self._entered = entered
        self._keys = KeyState()
        self._waiting: Call | None = None
        self._held: deque[Callable[[], None]] = deque()
        """What came after the edit that waits; what it means is known when that is done."""
        self._history: tuple[str, ...] = ()
        self._desk: Desk | None = None
        self.entry: Entry | None = None
        """The line that is typed, when one is."""

    @property
    def desk(self) -> Desk:
        """What the keys act on."""
        if self._desk is None:
            raise RuntimeError("the keyboard is not connected")
        return self._desk

    def connect(self, desk: Desk) -> None:
        """Let the keys act on a desk."""
        self._desk = desk

    @property
    def digits(self) -> str:
        """The count that is being typed."""
        return self._keys.digits

    @property
    def is_waiting(self) -> bool:
        """Whether an edit waits for its slice."""
        return self._waiting is not None

    def press(self, key: str, character: str | None) -> None:
        """Take a key: on the line that is typed, else as the grammar has it.

        What is typed before the app is up reaches it through the terminal's line mode, where Enter is ctrl+j.
        """
        self.desk.scanning.is_untouched = False
        name = "enter" if key == "ctrl+j" else key
        if self.desk.tags.is_waiting and key in {"q", "escape"}:
            self._held.clear()
            self._take(name, character)
        else:
            self._in_turn(lambda: self._take(name, character))

    def _in_turn(self, act: Callable[[], None]) -> None:
        """Act behind an edit that waits, a search whose match keys are meant for, and what came after them."""
        if self._waiting is not None or self.desk.tags.is_waiting or self._held:
            self._held.append(act)
        else:
            act()

    def _take(self, key: str, character: str | None) -> None:
        if self.entry is not None:
            self._type(self.entry, key, character)
            return
        printable = character is not None and character.isprintable() and key != "space"
        name = character if printable and character is not None else key
        self._keys, call = step(self._keys, name, Context(self.desk.mode, self.desk.pane))
        if call is not None:
            self.call(call)

    def paste(self, text: str) -> None:
        """Take pasted text on the line that is typed; elsewhere it is no series of keys."""

        def put() -> None:
            if self.entry is not None:
                self.entry = self.entry.pasted(text)

        self._in_turn(put)

    def ask(self, kind: str, prompt: str, initial: str = "") -> None:
        """Open the entry line."""
        self.entry = Entry(kind, prompt, begin(initial), self._history if kind == "command" else ())

    def _type(self, entry: Entry, key: str, character: str | None) -> None:
        if key not in {"escape", "enter"}:
            self.entry = entry.pressed(key, character)
            return
        self.entry = None
        self.desk.tell("")
        if key == "enter":
            self._enter(entry.kind, entry.line.text)

    def _enter(self, kind: str, text: str) -> None:
        if kind != "command":
            self.desk.attempt(lambda: self._entered(self.desk, kind, text))
            return
        self._history = (*self._history, text)
        found = parse_command(text, self.desk.mode)
        if isinstance(found, WordError):
            self.desk.refuse(found.message)
        else:
            self.call(found)

    def call(self, call: Call) -> None:
        """Run an action, after the slice it will act on is the one shown."""
        if self._waiting is not None:
            self._held.append(lambda: self.call(call))
        elif call.action.edits and not self.desk.viewer.settled:
            self._waiting = call
        else:
            _perform(self.desk, call)

    def call_by_name(self, action_id: str) -> None:
        """Run an action that was chosen in the palette, if it makes sense here."""
        action = BY_ID[action_id]
        if self.desk.mode not in action.modes:
            self.desk.refuse(f"{action.title} works in {' or '.join(sorted(action.modes))} mode")
        elif action.words and action.arguments and not action.keys:
            self.ask("command", f"{action.words[0]} {action.arguments}", f"{action.words[0]} ")
        else:
            self.call(Call(action))

    def run_waiting(self) -> bool:
        """Run what may run now; say whether anything did."""
        ran = False
        while self._waiting is None or self.desk.viewer.settled:
            if self._waiting is not None:
                call, self._waiting, ran = self._waiting, None, True
                _perform(self.desk, call)
            elif self._held and not self.desk.tags.is_waiting:
                ran = True
                self._held.popleft()()
            else:
                break
        return ran


def _perform(desk: Desk, call: Call) -> None:
    """Run an action that makes sense now, or say why it does not."""
    if call.action.id not in {"back", "quit"}:
        desk.leaving = False
    reason = reason_against(call.action, desk)
    if reason:
        desk.refuse(f"{call.action.title}: {reason}")
        return
    desk.tell("")
    desk.attempt(lambda: HANDLERS[call.action.id](desk, call))
