"""What clients read about uploads: the models of the OpenAPI document."""

from uuid import UUID

from pydantic import Field

from ..web.outputs import Output


class Refused(Output):
    """A .csv of a zip that was refused."""

    file_name: str
    message: str = Field(description="Why, in a sentence.")


class Accepted(Output):
    """An accepted upload. The fields about a zip are left out of the answer to a .csv."""

    ids: list[UUID] = Field(description="The analyses, in the order of the files; the same content has the same id.")
    skipped: list[str] | None = Field(
        default=None, description="What was in the zip and is no .csv file: folders and other files."
    )
    refused: list[Refused] | None = Field(
        default=None, description="The .csv files of the zip that are empty, binary or without a header."
    )


class AcceptedShort(Output):
    """An accepted upload by the short form."""

    id: UUID
