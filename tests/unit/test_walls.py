"""The walls of the house: which room may import which. A new package has no room until it is written down here."""

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BUILT: Final = {"node_modules", "build"}
FUNCTIONS: Final = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
CORES: Final = [name for name in FUNCTIONS if (ROOT / "functions" / name / "core").is_dir()]
FUNCTION: Final = ("faplog.contracts", "faplog.function", "faplog.inbox", "faplog.settings", "faplog.telemetry")

# room → what of ours it may import besides itself. A room inside another is a room of its own.
ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "faplog": ("faplog.contracts",),
    "faplog/contracts": (),
    "faplog/synthetic": ("faplog.contracts.log_rules",),
    "faplog/client": ("faplog.contracts", "faplog.version"),
    "faplog/push": ("faplog.contracts", "faplog.client"),
    # the command `faplog`: starts the program of any room
    "faplog/cli": (
        *("faplog.push", "faplog.synthetic", "faplog.version"),
        *("functions.analyse.__main__", "functions.average.__main__", "standalone.__main__", "standalone.admin"),
    ),
    "functions": (),
    "functions/analyse": (*FUNCTION, "faplog.http_errors", "functions.analyse.core"),
    "functions/analyse/core": ("faplog.contracts",),
    "functions/average": (*FUNCTION, "faplog.http_errors", "functions.average.core"),
    "functions/average/core": ("faplog.contracts",),
    "functions/api": (
        *FUNCTION,
        *(
            "faplog.background",
            "faplog.blobs",
            "faplog.bus",
            "faplog.draining",
            "faplog.environment",
            "faplog.errors",
            "faplog.http_errors",
            "faplog.logs",
            "faplog.reachable",
            "faplog.version",
            "faplog.words",
        ),
    ),
    "ui": ("faplog.contracts", "faplog.telemetry", "faplog.settings"),
    "connector": (
        *(
            "faplog.contracts",
            "faplog.bus",
            "faplog.environment",
            "faplog.logs",
            "faplog.routes",
            "faplog.settings",
            "faplog.telemetry",
        ),
    ),
    "standalone": (
        *("faplog.contracts", "faplog.blobs", "faplog.errors", "faplog.nats_users", "faplog.routes", "faplog.stack"),
        "faplog.reachable",
        "faplog.synthetic",  # for the demo account
    ),
    "infra": (
        *("faplog.contracts", "faplog.blobs", "faplog.errors", "faplog.nats_users", "faplog.routes", "faplog.settings"),
        *("faplog.reachable", "faplog.stack", "faplog.telemetry", "faplog.version"),
        "faplog.synthetic",  # logs for the cluster test
        # the settings of every process, for docs/settings.md
        *("faplog.environment", "faplog.function", "connector.settings", "ui.settings"),
        *("functions.analyse.settings", "functions.api.settings", "functions.average.settings"),
    ),
    "bench": (
        *("faplog.contracts", "faplog.stack", "faplog.synthetic", "functions.analyse", "functions.average"),
        "functions.api.cars",  # how long it takes to find the car of a log
        *("standalone", "tests"),
    ),
    "accuracy": ("faplog.contracts", "faplog.synthetic", "functions.analyse", "functions.average"),
    "tests": ("faplog", "functions", "ui", "connector", "standalone", "infra", "bench", "accuracy"),
}
OURS: Final = {room.split("/")[0] for room in ALLOWED}
API_ORDER: Final = (
    *("handler", "admin", "migrate", "migrations"),
    *(
        "reconcile",
        "trial",
        "uploads",
        "sharing",
        "comparisons",
        "analyses",
        "cars",
        "averages",
        "notifications",
        "accounts",
        "web",
    ),
    *(
        "services",
        "delivery",
        "db",
        "store_slots",
        "request_rates",
        "mail_queue",
        "mail",
        "signing_keys",
        "settings",
        "stored_values",
    ),
)
"""The subjects of functions/api from top to bottom: each imports only those below it (docs/architecture.md)."""

CORE_ALLOWED: Final = ("numpy", "pydantic", "faplog.contracts")
WITH_POSTGRES: Final = {"functions/api", "infra", "bench", "tests"}
"""standalone starts the server and makes its roles through the server's own programs; infra backs its tables up."""


@cache
def files() -> list[Path]:
    """Return every Python file of ours, as a path in the checkout."""
    found = (Path(folder, name) for folder, _, names in _walk() for name in names if name.endswith(".py"))
    return sorted(path.relative_to(ROOT) for path in found)


def _walk() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the folders of the checkout, without what is hidden or built."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if not name.startswith(".") and name not in BUILT]
        yield folder, below, names


@cache
def room_of(path: Path) -> str | None:
    """Return the innermost room a file lies in."""
    return next((str(folder) for folder in path.parents if str(folder) in ALLOWED), None)


def files_of(room: str) -> list[Path]:
    """Return the files of a room, without those of the rooms inside it."""
    return [path for path in files() if room_of(path) == room]


@cache
def tree(path: Path) -> ast.Module:
    """Return a file, parsed."""
    return ast.parse((ROOT / path).read_text("utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the absolute name of every module a file imports; relative ones resolved."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = path.with_suffix("").parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{name.name}" for name in node.names)


def within(name: str, modules: tuple[str, ...]) -> bool:
    """Return whether the imported name is one of the modules or lies in one."""
    return any(name == module or name.startswith(module + ".") for module in modules)


def home(name: str) -> str | None:
    """Return the room an imported name of ours lies in."""
    return room_of(Path(name.replace(".", "/")) / "x")


def test_every_file_lies_in_a_room() -> None:
    assert not [str(path) for path in files() if room_of(path) is None]


def test_every_function_is_a_room_with_its_core() -> None:
    assert {f"functions/{name}" for name in FUNCTIONS} | {f"functions/{name}/core" for name in CORES} <= ALLOWED.keys()


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = [
        f"{path}: {name}"
        for path in files_of(room)
        for name in imports(path)
        if name.split(".")[0] in OURS and home(name) != room and not within(name, ALLOWED[room])
    ]
    assert not wrong


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_may_import_nothing_it_does_not(room: str) -> None:
    """What is no longer needed is no longer allowed."""
    if room == "tests":
        return
    used = {name for path in files_of(room) for name in imports(path)}
    assert not [module for module in ALLOWED[room] if not any(within(name, (module,)) for name in used)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_its_own_room_relatively(function: str) -> None:
    """In the image the room is called `function`, so an absolute import of it would only work in the checkout."""
    wrong = []
    for path in [*files_of(f"functions/{function}"), *files_of(f"functions/{function}/core")]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("functions"):
                wrong.append(f"{path}: {node.module}")
            if isinstance(node, ast.Import) and any(name.name.startswith("functions") for name in node.names):
                wrong.append(f"{path}: import of functions")
    assert not wrong


@pytest.mark.parametrize("function", CORES)
def test_a_core_is_pure(function: str) -> None:
    """No I/O, no environment, no logging: what a core may import is named."""
    forbidden = {"os", "io", "logging", "socket", "subprocess", "pathlib", "tempfile", "urllib", "http", "asyncio"}
    own = f"functions.{function}.core"
    wrong = []
    for path in files_of(f"functions/{function}/core"):
        for name in imports(path):
            top = name.split(".")[0]
            standard = top in sys.stdlib_module_names and top not in forbidden
            if not (standard or within(name, (own, *CORE_ALLOWED))):
                wrong.append(f"{path}: {name}")
    assert not wrong


@pytest.mark.parametrize("room", sorted(ALLOWED.keys() - WITH_POSTGRES))
def test_only_the_api_knows_postgres(room: str) -> None:
    postgres = ("psycopg", "psycopg_pool", "sqlalchemy", "alembic")
    assert not [f"{path}: {name}" for path in files_of(room) for name in imports(path) if within(name, postgres)]


@pytest.mark.parametrize("room", ["functions/average", "functions/average/core", "faplog", "faplog/contracts"])
def test_what_must_start_fast_carries_no_numpy(room: str) -> None:
    names = {name.split(".")[0] for path in files_of(room) for name in imports(path)}
    assert "numpy" not in names


@pytest.mark.parametrize("room", ["functions", "faplog", "connector", "ui", "standalone", "infra"])
def test_no_program_carries_pandas(room: str) -> None:
    """Only the bench does, to compare."""
    assert not [f"{path}: {name}" for path in files_of(room) for name in imports(path) if within(name, ("pandas",))]


def test_synthetic_logs_need_the_standard_library_alone() -> None:
    names = {name.split(".")[0] for path in files_of("faplog/synthetic") for name in imports(path)}
    assert names <= {*sys.stdlib_module_names, "faplog"}


def test_private_names_are_used_by_their_own_module_only() -> None:
    """A name with a leading underscore is its module's own, for tests too."""
    wrong = []
    for path in files():
        ours: dict[str, str] = {}
        parsed = tree(path)
        for node in ast.walk(parsed):
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in OURS:
                ours |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
        reached = [
            f"{ours[node.value.id]}.{node.attr}"
            for node in ast.walk(parsed)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ours
        ]
        wrong += [f"{path}: {name}" for name in (*ours.values(), *reached) if _is_private(name.rsplit(".", 1)[-1])]
    assert not wrong


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_every_subject_of_the_api_has_its_place_in_the_order() -> None:
    assert {_subject(path) for path in files_of("functions/api")} == {*API_ORDER, "__init__"}


def test_subjects_of_the_api_import_only_those_below_them() -> None:
    wrong = [
        f"{path}: {name}"
        for path in files_of("functions/api")
        for name in imports(path)
        if name.startswith("functions.api.") and not _may_import(_subject(path), name.split(".")[2])
    ]
    assert not wrong


def test_the_api_looks_up_no_current_app() -> None:
    """Views are given their services (`Routes`), and everything else gets what it needs as an argument."""
    assert not [str(path) for path in files_of("functions/api") if "flask.current_app" in imports(path)]


def test_only_routes_finds_the_services_of_an_app() -> None:
    knowing = [
        path for path in files_of("functions/api") if any(name.endswith(".services_of") for name in imports(path))
    ]
    assert knowing == [Path("functions/api/web/routes.py")]


def test_the_document_shows_the_house() -> None:
    """docs/architecture.md names each room, and the subjects of functions/api in their order."""
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rooms, subjects = page.split("## Inside `functions/api`")
    shown = {room.strip("/`, ") for line in rooms.splitlines() if line.startswith("| `") for room in _first_cell(line)}
    assert shown >= {room.split("/")[0] for room in ALLOWED if room not in ("functions", "tests")} - {"functions"}
    assert shown >= {f"functions/{name}" for name in FUNCTIONS}
    listed = [
        name for line in subjects.split("##")[0].splitlines() if line.startswith("| `") for name in _first_cell(line)
    ]
    assert listed == [name for name in API_ORDER if name not in ("admin", "migrate", "migrations")]


def _first_cell(line: str) -> list[str]:
    """Return the names in the first cell of a row."""
    return [name.strip("` /") for name in line.split("|")[1].split(",")]


def test_an_import_against_the_order_is_noticed() -> None:
    assert _may_import("accounts", "web")
    assert _may_import("web", "web")
    assert not _may_import("web", "accounts")
    assert not _may_import("delivery", "services")


def _subject(path: Path) -> str:
    """Return the folder or module of functions/api that a file belongs to."""
    return path.relative_to("functions/api").with_suffix("").parts[0]


def _may_import(subject: str, other: str) -> bool:
    return subject == other or API_ORDER.index(other) > API_ORDER.index(subject)


def test_no_module_imports_itself_through_others() -> None:
    """No circle of imports exists in the repository, those inside functions and for type checkers included."""
    modules = {_module_name(path): path for path in files()}
    graph = {
        name: {found for imported in imports(path) if (found := _longest_module(imported, modules)) != name}
        for name, path in modules.items()
    }
    assert not _circles(graph)


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _longest_module(imported: str, modules: Mapping[str, Path]) -> str | None:
    """Return the module of ours that an imported name lies in, or None for another project's."""
    parts = imported.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in modules), None)


def _circles(graph: Mapping[str, set[str | None]]) -> list[str]:
    """Return each group of modules that reach one another, as one line."""
    sorter = TopologicalSorter({name: {other for other in others if other} for name, others in graph.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []
