"""The response to a trial: the model behind the OpenAPI document."""

from typing import Any

from pydantic import Field

from faplog.contracts.analysis import Analysis

from ..web.outputs import Output


class Trial(Output):
    """What a log says. Nothing of it was stored."""

    analysis: Analysis
    series: dict[str, Any] = Field(description="The points for plots, as `/analyses/{id}/series` answers them.")
