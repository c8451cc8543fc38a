"""What the routes of comparisons take: the models behind the OpenAPI document."""

from uuid import UUID

from pydantic import Field

from ..web.inputs import Input


class NoteQuery(Input):
    """The work around which a car is compared."""

    note: UUID = Field(description="A maintenance note of the car; its work has to be done.")


class LogsQuery(Input):
    """The two logs that are compared."""

    before: UUID = Field(description="The id of the first log.")
    after: UUID = Field(description="The id of the second log.")
