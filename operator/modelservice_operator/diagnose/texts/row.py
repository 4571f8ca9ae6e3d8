"""Rows of data that recognise a text which a process printed."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from modelservice_operator.data import Data, NamedData
from modelservice_operator.diagnose.reasons import Reason

LINE: Final = "line"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error


def _problem(reason: Reason) -> Reason:
    if not reason.is_problem:
        raise ValueError("names a state, not a problem")
    return reason


class Row(Data):
    """One text: how to know it, what it means, and where it comes from."""

    reason: Annotated[Reason, AfterValidator(_problem)]
    pattern: str
    """A regular expression, searched for in the last lines that a process printed. Its named groups hold the numbers
    and names that matter, and every group takes part in every match."""
    says: Annotated[str, Field(min_length=1)]
    """What it means, as the end of "1 of 1 pod crashed: …", without a full stop; `{group}` stands for a named group,
    and `{line}` for the line that the match is in."""
    remedy: Annotated[str, Field(min_length=1)]
    """One next step, a whole sentence that names the field or command; `{group}` as in `says`."""
    source: Annotated[str, Field(min_length=1)]
    """Project, version and file that print the text, or the issue that quotes it."""
    example: Annotated[str, Field(min_length=1)]
    """The text as a process prints it, with the values of a real case."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        match = _compiled(self.pattern).search(self.example)
        if match is None:
            raise ValueError("pattern does not match the example")
        for text in (self.says, self.remedy):
            text.format_map({LINE: "", **match.groupdict()})
        return self


class Texts(NamedData):
    """What one project prints; the first row that matches wins."""

    texts: tuple[Row, ...]
