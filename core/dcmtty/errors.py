"""Every error that dcmtty raises on purpose, as one tree; each class carries the exit code of the command line.

DcmttyError                     70
├── Findings                     1   differences found, or some files of a scan unreadable
├── UsageError                   2
│   └── FrameNotDeclared         2   coordinates without a declared frame
├── InputError                   3   missing, unreadable or refused input
│   ├── NotDicom                 3
│   ├── TruncatedFile            3
│   ├── NoPixelData              3
│   ├── PointsRefused            3   a point list with a wrong line
│   ├── BuildRefused             3   a structure set that must not be written
│   └── JournalRefused           3   a journal that is damaged, or in use
├── ConnectError                 4
│   ├── HostKeyError             4
│   ├── AuthenticationFailed     4
│   └── RemoteRefused            4   a device said no to one operation on one file
├── VerificationFailed           5
├── SignatureMissing             6
└── WriteFailed                  7
"""

from __future__ import annotations

from typing import ClassVar


class DcmttyError(Exception):
    """An error with one line for the user: the thing, then the remedy."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What happened and to which thing; no identifiers of patients."""
        self.remedy = remedy
        """What the user can do about it, as a clause; may be empty."""

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class Findings(DcmttyError):
    """The command worked and found differences or unreadable files."""

    exit_code = 1


class UsageError(DcmttyError):
    """The command was called in a way it cannot follow."""

    exit_code = 2


class FrameNotDeclared(UsageError):
    """Coordinates came without the frame they are in."""


class InputError(DcmttyError):
    """Input is missing, unreadable or refused."""

    exit_code = 3


class NotDicom(InputError):
    """The file is not DICOM."""


class TruncatedFile(InputError):
    """The file ends inside an element."""


class NoPixelData(InputError):
    """The object has no pixels to show."""


class PointsRefused(InputError):
    """A point list has a wrong line; nothing of it was imported."""


class BuildRefused(InputError):
    """A structure set that must not be written as it stands."""


class JournalRefused(InputError):
    """A journal is damaged, of another version, or in use by another process."""


class ConnectError(DcmttyError):
    """A device cannot be reached, or went away."""

    exit_code = 4


class HostKeyError(ConnectError):
    """A host key is unknown, changed or revoked."""

    def __init__(self, message: str, *, remedy: str = "", fingerprint: str = "", algorithm: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.fingerprint = fingerprint
        """`SHA256:...` of the key that the server offered, as ssh-keygen prints it."""
        self.algorithm = algorithm


class AuthenticationFailed(ConnectError):
    """The device did not accept our credentials."""


class RemoteRefused(ConnectError):
    """The device said no to one operation: no permission, no space, no such folder."""


class VerificationFailed(DcmttyError):
    """Bytes, digests or coordinates are not what they must be."""

    exit_code = 5


class SignatureMissing(DcmttyError):
    """A signature was required and is not there."""

    exit_code = 6


class WriteFailed(DcmttyError):
    """A local write failed; what was there before is untouched."""

    exit_code = 7


EXIT_CODE_ORDER = (5, 7, 4, 3, 6, 1)
"""Which exit code wins when several things happened, worst first."""


def worst(exit_codes: list[int]) -> int:
    """Return the exit code that stands for several outcomes (0 when there are none)."""
    for code in EXIT_CODE_ORDER:
        if code in exit_codes:
            return code
    return max(exit_codes, default=0)
