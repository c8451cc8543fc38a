"""What clients read and ask for about averages: the models of the OpenAPI document."""

from pydantic import Field, model_validator

from faplog.contracts.average import Average
from faplog.contracts.messages import AverageStatus, Period

from ..web.inputs import Input
from ..web.outputs import Output


class AverageView(Output):
    """An average: the last good one, and the status of the next one."""

    status: AverageStatus
    message: str | None
    average: Average | None


class AvailablePeriod(Output):
    """A period that has an average."""

    type: Period
    year: int | None
    month: int | None
    status: AverageStatus


class Available(Output):
    """All periods that have an average, newest first after the overall one."""

    data: list[AvailablePeriod]


class AverageQuery(Input):
    """The period of an average."""

    type: Period = Period.OVERALL
    year: int | None = Field(default=None, ge=1970, le=9999, description="For YEARLY and MONTHLY.")
    month: int | None = Field(default=None, ge=1, le=12, description="For MONTHLY.")

    @model_validator(mode="after")
    def _period_is_named(self) -> "AverageQuery":
        wanted = {Period.OVERALL: (False, False), Period.YEARLY: (True, False), Period.MONTHLY: (True, True)}
        if (self.year is not None, self.month is not None) != wanted[self.type]:
            raise ValueError("OVERALL takes neither year nor month, YEARLY a year, MONTHLY a year and a month")
        return self
