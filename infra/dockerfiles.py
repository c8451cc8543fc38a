"""The blocks that our Dockerfiles share; `make render` writes them between the marks of each Dockerfile.

A shared base image would have to be published before each build, also before `faas-cli up`. So every Dockerfile stays
whole: the block of a name stands between `# <name>: …` and `# end of <name>`.
"""

import re
from pathlib import Path
from typing import Final

DOCKERFILES: Final = (
    "template/faplog-python/Dockerfile",
    "ui/Dockerfile",
    "connector/Dockerfile",
    "infra/backup/Dockerfile",
)
SOURCE: Final = "https://github.com/faplog/faplog"

_MARKED: Final = re.compile(r"^# (?P<name>[a-z]+): from infra/dockerfiles\.py\n.*?^# end of (?P=name)$", re.M | re.S)

BLOCKS: Final = {
    # The packages' own tests are a sixth of the image of `analyse`.
    "packages": r"""
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement /tmp/requirements.txt \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -rf {} +
""",
    "labels": f"""
LABEL org.opencontainers.image.licenses="MIT" \\
      org.opencontainers.image.source="{SOURCE}"
""",
    # The base image comes without, and nothing can be written later: each start would compile what it imports. First of
    # its stage, so that the images share the layer.
    "bytecode": r"""
RUN python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(ensurepip|idlelib|lib2to3|pydoc_data|site-packages|test|tkinter|turtledemo)/' /usr/local/lib/python3.11
""",
    "runtime": r"""
COPY --from=build /opt/venv /opt/venv
COPY --from=build /home/app /home/app
WORKDIR /home/app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/home/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    MALLOC_ARENA_MAX=2
USER 10001:10001
""",
}


def filled(text: str) -> str:
    """Return a Dockerfile with each marked block as it is here.

    Raises:
        KeyError: A mark names no block.
    """

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        return f"# {name}: from infra/dockerfiles.py\n{BLOCKS[name].strip()}\n# end of {name}"

    return _MARKED.sub(block, text)


def blocks_of(text: str) -> list[str]:
    """Return the names of the marked blocks of a Dockerfile."""
    return [match["name"] for match in _MARKED.finditer(text)]


def rendered(texts: dict[Path, str]) -> dict[Path, str]:
    """Return the Dockerfiles among these files with their blocks filled."""
    return {path: filled(text) for path, text in texts.items() if str(path) in DOCKERFILES}
