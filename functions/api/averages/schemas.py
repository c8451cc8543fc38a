"""Requests and responses about averages: the models behind the OpenAPI document."""

from uuid import UUID

from pydantic import Field, RootModel, model_validator

from faplog.contracts.average import Average
from faplog.contracts.messages import AverageStatus, Period

from ..web.inputs import Input
from ..web.outputs import Code, Output, Params


class AverageView(Output):
    """The latest average, and the status of its recalculation."""

    car_id: UUID = Field(description="The car of the logs.")
    status: AverageStatus
    message: str | None
    code: Code
    params: Params
    average: Average | None


class AvailablePeriod(Output):
    """A period that has an average."""

    type: Period
    year: int | None
    month: int | None
    status: AverageStatus


class Available(RootModel[list[AvailablePeriod]]):
    """All periods that have an average: first the overall one, then newest first."""


class CarQuery(Input):
    """The car that is meant."""

    car: UUID | None = Field(default=None, description="By default the car of the newest log.")


class AverageQuery(CarQuery):
    """The average to return."""

    type: Period = Period.OVERALL
    year: int | None = Field(default=None, ge=1970, le=9999, description="Required for YEARLY and MONTHLY.")
    month: int | None = Field(default=None, ge=1, le=12, description="Required for MONTHLY.")

    @model_validator(mode="after")
    def _period_is_named(self) -> "AverageQuery":
        wanted = {Period.OVERALL: (False, False), Period.YEARLY: (True, False), Period.MONTHLY: (True, True)}
        if (self.year is not None, self.month is not None) != wanted[self.type]:
            raise ValueError("OVERALL takes neither year nor month, YEARLY a year, MONTHLY a year and a month")
        return self
