"""What workers tell the screen: frozen values, of which only the latest of a burst counts."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from dcmtty.dicom.picture import Picture
from dcmtty.errors import DcmttyError
from dcmtty.progress import Step


@dataclass(frozen=True, slots=True)
class PictureKey:
    """Names one picture: a slice (from 1) of a series, in one of the views."""

    series_version: int
    kind: str
    slice_number: int


class PictureReady(Message):
    """A picture was read, or could not be."""

    def __init__(self, key: PictureKey, picture: Picture | None, error: DcmttyError | None = None) -> None:
        super().__init__()
        self.key = key
        self.picture = picture
        self.error = error


class WorkFailed(Message):
    """Work in the background ended with an error for the user."""

    def __init__(self, kind: str, error: DcmttyError) -> None:
        super().__init__()
        self.kind = kind
        self.error = error


class Progressed(Message):
    """Work in the background came further; only the latest of a burst counts."""

    def __init__(self, step: Step, kind: str = "") -> None:
        super().__init__()
        self.step = step
        self.kind = kind

    def can_replace(self, message: Message) -> bool:
        """Let a newer report of the same work take the place of an older one."""
        return isinstance(message, Progressed) and message.kind == self.kind


class WorkDone(Message):
    """Work in the background ended well; `result` is for the one who began it."""

    def __init__(self, kind: str, result: object) -> None:
        super().__init__()
        self.kind = kind
        self.result = result


Answer = WorkDone | WorkFailed | Progressed
"""What work in the background can have to say, besides pictures and scans."""
