"""The reference page of all settings, docs/settings.md, from the settings models. `make render` writes it."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from connector.settings import GRACE, HEALTH, ConnectorSettings
from faplog import environment, stack
from faplog.environment import Variable
from faplog.function import FunctionSettings
from faplog.settings import Settings, setting_name
from functions.analyse.settings import Settings as AnalyseSettings
from functions.api.settings import AdminSettings, OwnerSettings
from functions.api.settings import Settings as ApiSettings
from functions.average.settings import Settings as AverageSettings
from infra import ROOT
from infra.backup.target import BackupSettings, RestoreSettings
from ui.settings import Settings as UiSettings

PAGE: Final = Path("docs/settings.md")


@dataclass(frozen=True, slots=True)
class Process:
    """A process with settings: its heading, its program, its model, and the manifest that sets its environment."""

    heading: str
    program: str
    model: type[Settings]
    manifest: str | None = None


PROCESSES: Final = (
    Process("Function `api`", "functions.api", ApiSettings),
    Process("Reconcile", "functions.api.reconcile", ApiSettings, "infra/api/base/reconcile.yaml"),
    Process("Migration job", "functions.api.migrate", OwnerSettings, "infra/api/base/migrate.yaml"),
    Process("Operator's command", "functions.api.admin", AdminSettings),
    Process("Function `analyse`", "functions.analyse", AnalyseSettings),
    Process("Function `average`", "functions.average", AverageSettings),
    Process("Pages", "ui", UiSettings, "infra/ui/base/deployment.yaml"),
    Process("Connector", "connector", ConnectorSettings, "infra/connector/base/deployment.yaml"),
    Process("Backup", "infra.backup create", BackupSettings, "infra/backup/base/job.yaml"),
    Process("Restore", "infra.backup restore", RestoreSettings, "infra/backup/base/job.yaml"),
)

EVERY_PROCESS: Final = (environment.SECRETS_DIR, environment.LOG_LEVEL)
SERVED_BY_GUNICORN: Final = (
    environment.BIND,
    environment.THREADS,
    environment.FUNCTION_NAME,
    environment.BEHIND_WATCHDOG,
)

INTRODUCTION: Final = """# Settings

Made from the settings models by `make render`; change those, not this page.

Settings are environment variables that begin with `FAPLOG_`. Secrets are files, one each, named as listed, in the
folder `FAPLOG_SECRETS_DIR` ([why](adr/0005-secrets-are-files.md)). A missing or malformed setting stops the process at
its start with a message that names it and never shows its value.

**Laptop.** Every process sees the environment of `make run`, so `FAPLOG_QUOTA_LOGS=100 make run` works. `make run`
itself sets what it must know better: addresses, ports, threads, names, secrets, and 20 s of `FAPLOG_OVERDUE_SEC`.

**Cluster.** The column *cluster* shows what `stack.yml` (for the functions, with OpenFaaS and Knative alike) or the
manifests in `infra/` set. Secrets are mounted from Kubernetes secrets of the same names, which `python -m infra.seal`
makes; on Knative `analyse`, with `average` in its process, gets them as variables of these names
([why](adr/0057-a-function-that-sleeps-has-no-volumes.md)).

Up to 0.1 the names had no prefix. The old names are still read in 0.2; each one in use is logged as a warning with its
new name. Standard variables of OpenTelemetry (`OTEL_…`) and of of-watchdog (`exec_timeout` …) keep their names.

**Telemetry** is exported where `OTEL_EXPORTER_OTLP_ENDPOINT`, or the endpoint of one signal, is set. The standard
`OTEL_…` variables then decide what is exported and how: exporters, resource, sampler, batches, `OTEL_SERVICE_NAME`,
`OTEL_SDK_DISABLED` … ([defaults and exceptions](adr/0052-telemetry-is-set-up-by-the-distro.md)).
"""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    meaning: str
    default: str
    cluster: str


def render(functions: list[stack.Function]) -> str:
    """Return the page. `functions` are those of stack.yml, whose values it shows."""
    parts = [
        INTRODUCTION,
        _section("Every process", "", [_of_variable(variable, {}) for variable in EVERY_PROCESS]),
        _section("Functions and pages", "Served by gunicorn.", [_of_variable(one, {}) for one in SERVED_BY_GUNICORN]),
    ]
    of_functions = {f"functions.{function.name}": function.environment for function in functions}
    for process in PROCESSES:
        in_cluster = of_functions.get(process.program, {}) | _of_manifest(process.manifest)
        rows = list(_setting_rows(process.model, in_cluster))
        if process.model is ConnectorSettings:
            rows += [_of_variable(variable, in_cluster) for variable in (HEALTH, GRACE)]
        parts.append(_section(process.heading, f"Read by `{process.program}`.", rows))
    return "\n".join(parts)


def _section(heading: str, text: str, rows: list[_Row]) -> str:
    lines = [f"## {heading}", "", *([text, ""] if text else [])]
    lines += ["| name | meaning | default | cluster |", "|---|---|---|---|"]
    lines += [f"| `{row.name}` | {row.meaning} | {row.default} | {row.cluster} |" for row in rows]
    return "\n".join([*lines, ""])


def _of_variable(variable: Variable, in_cluster: Mapping[str, str]) -> _Row:
    return _Row(
        variable.full_name, variable.meaning, f"`{variable.default}`", _code(in_cluster.get(variable.full_name))
    )


def _setting_rows(model: type[Settings], in_cluster: Mapping[str, str]) -> Iterator[_Row]:
    for name, field in model.model_fields.items():
        if name == "log_level":  # of every process
            continue
        full_name = setting_name(model, name)
        meaning = " ".join(_meaning(model, name).split())
        yield _Row(full_name, meaning, _default(field), _code(in_cluster.get(full_name)))


def _meaning(model: type[Settings], field: str) -> str:
    """Return the docstring below a field, in the class that defines it last; empty if there is none.

    pydantic can do this, too (`use_attribute_docstrings`), but at each start of each program.
    """
    own = takewhile(lambda one: one is not Settings, model.__mro__)
    return next((meanings[field] for meanings in map(_docstrings, own) if field in meanings), "")


@cache
def _docstrings(model: type) -> dict[str, str]:
    """Return the docstring below each field that a class annotates itself, empty where there is none."""
    [definition] = ast.parse(inspect.getsource(model)).body
    meanings = {}
    for statement, below in pairwise([*ast.iter_child_nodes(definition), ast.Pass()]):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                meanings[name] = text
            case ast.AnnAssign(target=ast.Name(id=name)), _:
                meanings[name] = ""
    return meanings


def _default(field: FieldInfo) -> str:
    if field.validation_alias is not None:
        return "a secret file" if field.is_required() else "a secret file, or none"
    if field.default is PydanticUndefined:
        return "must be set"
    if field.default is None or field.default == ():
        return "none"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _code(value: str | None) -> str:
    return "" if value is None else f"`{value}`"


def _of_manifest(manifest: str | None) -> dict[str, str]:
    """Return the environment that a manifest sets in its containers."""
    if manifest is None:
        return {}
    documents = yaml.safe_load_all((ROOT / manifest).read_text("utf-8"))
    return {
        variable["name"]: str(variable["value"])
        for document in documents
        for container in _containers(document)
        for variable in container.get("env", [])
        if "value" in variable
    }


def _containers(node: object) -> Iterator[dict[str, Any]]:
    """Yield every container below a node of a manifest."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("containers", "initContainers"):
                yield from value
            else:
                yield from _containers(value)
    elif isinstance(node, list):
        for item in node:
            yield from _containers(item)


def undocumented() -> list[str]:
    """Return the settings without a description."""
    models: tuple[type[Settings], ...] = (*(process.model for process in PROCESSES), FunctionSettings)
    return [
        f"{model.__module__}.{name}"
        for model in models
        for name in model.model_fields
        if not _meaning(model, name) and name != "log_level"
    ]
