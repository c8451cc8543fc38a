"""The walls of the house: which room may import which."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"faplog", "functions", "ui", "connector", "standalone", "infra", "bench", "tests"}
FUNCTIONS = ["analyse", "average", "api"]

# room → what of ours it may import besides itself
ALLOWED: dict[str, tuple[str, ...]] = {
    "faplog": (),
    "functions/analyse": ("faplog",),
    "functions/average": ("faplog",),
    "functions/api": ("faplog",),
    "ui": ("faplog.contracts", "faplog.telemetry", "faplog.settings", "faplog.logs"),
    "connector": ("faplog",),
    "standalone": ("faplog",),
    "infra": ("faplog",),
}
CORE_ALLOWED = ("numpy", "pandas", "pydantic", "faplog.contracts")


def imports(path: Path) -> Iterator[str]:
    """The absolute name of every module a file imports; relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{name.name}" for name in node.names)


def within(name: str, modules: tuple[str, ...]) -> bool:
    """Whether the imported name is one of the modules or lies in one."""
    return any(name == module or name.startswith(module + ".") for module in modules)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    own = room.replace("/", ".")
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in imports(path)
        if name.split(".")[0] in OURS and not within(name, (own, *ALLOWED[room]))
    ]
    assert not wrong


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_its_own_room_relatively(function: str) -> None:
    """In the image the room is called `function`, so an absolute import of it would only work in the checkout."""
    wrong = []
    for path in sorted((ROOT / "functions" / function).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("functions"):
                wrong.append(f"{path.relative_to(ROOT)}: {node.module}")
            if isinstance(node, ast.Import) and any(name.name.startswith("functions") for name in node.names):
                wrong.append(f"{path.relative_to(ROOT)}: import of functions")
    assert not wrong


@pytest.mark.parametrize("function", ["analyse", "average"])
def test_a_core_is_pure(function: str) -> None:
    """No I/O, no environment, no logging: what a core may import is named."""
    import sys

    forbidden = {"os", "io", "logging", "socket", "subprocess", "pathlib", "tempfile", "urllib", "http", "asyncio"}
    own = f"functions.{function}.core"
    wrong = []
    for path in sorted((ROOT / "functions" / function / "core").rglob("*.py")):
        for name in imports(path):
            top = name.split(".")[0]
            standard = top in sys.stdlib_module_names and (top not in forbidden or name == "io.BytesIO")
            if not (standard or within(name, (own, *CORE_ALLOWED))):
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong


@pytest.mark.parametrize("room", ["functions/analyse", "functions/average", "ui", "connector", "standalone"])
def test_only_the_api_knows_postgres(room: str) -> None:
    """standalone starts the server and makes its roles through the server's own programs."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in imports(path)
        if within(name, ("psycopg", "psycopg_pool", "sqlalchemy", "alembic"))
    ]
    assert not wrong


def test_average_carries_no_pandas() -> None:
    names = {name.split(".")[0] for path in (ROOT / "functions" / "average").rglob("*.py") for name in imports(path)}
    assert not names & {"pandas", "numpy"}
