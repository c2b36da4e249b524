"""What cannot be done. Bad data is no error: it has a reason, in the result."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class ContactmillError(Exception):
    """Any error of contactmill."""


class OptionError(ContactmillError, ValueError):
    """An option or an argument has a value that means nothing."""


class MappingError(ContactmillError, ValueError):
    """It is not known which column holds the phone numbers, or a named one is not there.

    ``columns`` are those that there are, or that it could be; ``suggestion`` is the one that is most
    likely meant, or ``None``.
    """

    columns: list[str]
    suggestion: str | None

    def __init__(
        self, message: str, columns: Sequence[str] = (), suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.columns = list(columns)
        self.suggestion = suggestion


class SourceError(ContactmillError):
    """An input cannot be read, or no further.

    ``source`` is its name and ``line`` the line, from 1, where they are known.
    """

    source: str | None
    line: int | None

    def __init__(self, message: str, source: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.line = line


class EmitError(ContactmillError, OSError):
    """The results cannot be written. Nothing is left behind, and earlier results stay."""
