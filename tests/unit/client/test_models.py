"""The client's models and the API's: every field the client reads is one the API answers."""

import pytest
from pydantic import BaseModel

from faplog.client import models
from functions.api.analyses import schemas as analyses
from functions.api.averages import schemas as averages
from functions.api.uploads import schemas as uploads

PAIRS: list[tuple[type[BaseModel], type[BaseModel]]] = [
    (models.Uploaded, uploads.Accepted),
    (models.RefusedEntry, uploads.Refused),
    (models.Log, analyses.AnalysisItem),
    (models.LogPage, analyses.AnalysisList),
    (models.Pagination, analyses.Pagination),
    (models.Other, analyses.Version),
    (models.LogReport, analyses.AnalysisDetail),
    (models.AverageReport, averages.AverageView),
    (models.Period, averages.AvailablePeriod),
]


def fields(model: type[BaseModel]) -> set[str]:
    return {field.serialization_alias or field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda model: model.__name__)
def test_the_api_answers_every_field_that_the_client_reads(ours: type[BaseModel], theirs: type[BaseModel]) -> None:
    assert fields(ours) <= fields(theirs)
