"""Screens over the main one that close once, however fast keys follow each other."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class ClosingScreen(ModalScreen[Result]):
    """Gives keys that were typed before it was gone to the screen below, and takes no second answer."""

    async def on_event(self, event: events.Event) -> None:
        """Pass on what was typed for the screen that is active by now."""
        if isinstance(event, events.Key) and not self.is_active:
            self.app.post_message(events.Key(event.key, event.character))
            return
        await super().on_event(event)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close, unless it is closed already: Textual would close the screen below then, or end the app."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
