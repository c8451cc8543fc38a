"""Responses about uploads: the models behind the OpenAPI document."""

from uuid import UUID

from pydantic import Field

from faplog.contracts.errors import Cause, ErrorCode, Param

from ..web.outputs import Output


class Refused(Output):
    """A .csv file of a zip that was refused."""

    file_name: str
    message: str = Field(description="The reason, as a sentence.")
    code: ErrorCode = Field(description="The reason, as a code.")
    params: dict[str, Param] = Field(default_factory=dict, description="The parameters of the message.")

    def cause(self) -> Cause:
        """Return why it was refused."""
        return Cause(message=self.message, code=self.code, params=self.params)


class Accepted(Output):
    """An accepted upload. The fields about a zip are only present for a zip."""

    ids: list[UUID] = Field(
        description="The analyses, in the order of the files. The same content always has the same id."
    )
    known: list[UUID] | None = Field(
        default=None,
        description="Those of the ids that the account had before with the same content, and that had not failed: "
        "nothing changes for them. Absent if there are none.",
    )
    skipped: list[str] | None = Field(
        default=None, description="Entries of the zip that are not .csv files: folders and other files."
    )
    skipped_reason: Cause | None = Field(default=None, description="Why the entries in `skipped` were not analysed.")
    refused: list[Refused] | None = Field(
        default=None, description="The .csv files of the zip that are empty, binary or without a header line."
    )


class AcceptedShort(Output):
    """An accepted upload (short form)."""

    id: UUID
