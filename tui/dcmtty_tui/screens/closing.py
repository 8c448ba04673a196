"""Screens over the main one that close once, however fast keys follow each other."""

from __future__ import annotations

from asyncio import Queue
from typing import TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import ModalScreen

Result = TypeVar("Result")


class ClosingScreen(ModalScreen[Result]):
    """Gives what was typed behind the key that closed it to the screen below, and takes no second answer."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close, unless it is closed already: Textual would close the screen below then, or end the app."""
        if not self.is_active:
            return AwaitComplete()
        waiting = self._taken_keys()
        closed = super().dismiss(result)
        for event in waiting:
            self.app.screen.post_message(events.Key(event.key, event.character))
        return closed

    def _taken_keys(self) -> list[events.Key]:
        """Take the keys that wait for this screen out of its queue, before the app hands on the next one."""
        queue: Queue[Message | None] = self._message_queue
        messages: list[Message | None] = [] if self._pending_message is None else [self._pending_message]
        self._pending_message = None
        messages += [queue.get_nowait() for _ in range(queue.qsize())]
        for message in messages:
            if not isinstance(message, events.Key):
                queue.put_nowait(message)
        return [message for message in messages if isinstance(message, events.Key)]
