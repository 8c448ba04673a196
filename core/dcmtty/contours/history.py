"""Undo and redo without limit: undo is the previous frozen value, not an inverse operation."""

from __future__ import annotations

from dataclasses import dataclass

from dcmtty.contours.edit import Edit, EditState, apply
from dcmtty.errors import InputError

_Link = tuple["_Link | None", EditState, str]
"""A stack as linked pairs: each step is made in constant time and shares all the earlier ones."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The present state with everything before it and everything that was undone."""

    present: EditState
    past: _Link | None = None
    future: _Link | None = None

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self.past[2] if self.past else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self.future[2] if self.future else ""

    def do(self, edit: Edit) -> History:
        """Return the history after an edit; what was undone before is forgotten.

        Raises:
            InputError: the edit cannot be done.
        """
        return History(apply(self.present, edit), (self.past, self.present, edit.describe()))

    def undo(self) -> History:
        """Return the history one edit earlier.

        Raises:
            InputError: there is nothing to undo.
        """
        if self.past is None:
            raise InputError("there is nothing to undo", remedy="nothing was changed since it was opened")
        earlier, state, text = self.past
        return History(state, earlier, (self.future, self.present, text))

    def redo(self) -> History:
        """Return the history with the last undone edit done again.

        Raises:
            InputError: there is nothing to redo.
        """
        if self.future is None:
            raise InputError("there is nothing to redo", remedy="an edit after an undo forgets what was undone")
        later, state, text = self.future
        return History(state, (self.past, self.present, text), later)
