"""stack.yml is the one source; what it says must be what every reader needs."""

from pathlib import Path

import pytest

from faplog import routes, stack

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def functions() -> dict[str, stack.Function]:
    return {function.name: function for function in stack.read(ROOT / "stack.yml", {})}


def test_the_three_functions_are_there_with_their_subjects(functions: dict[str, stack.Function]) -> None:
    assert {name: (f.topic, f.reply_topic) for name, f in functions.items()} == {
        "api": ("*.result", None),
        "analyse": ("analysis.request", "analysis.result"),
        "average": ("average.request", "average.result"),
    }


def test_community_edition_would_take_every_function(functions: dict[str, stack.Function]) -> None:
    """No comma in a topic, no scale-to-zero label, at most five replicas, images of a public registry."""
    for function in functions.values():
        assert "," not in function.topic
        assert not [label for label in function.labels if label.startswith("com.openfaas.scale.zero")]
        assert function.ours("scale-max") <= 5


def test_every_function_is_confined(functions: dict[str, stack.Function]) -> None:
    for function in functions.values():
        assert function.readonly_root_filesystem
        assert {"cpu", "memory"} <= function.limits.keys()
        assert {"cpu", "memory"} <= function.requests.keys()
        assert not [key for key in function.environment if "secret" in key or "password" in key]


def test_time_outs_are_consistent(functions: dict[str, stack.Function]) -> None:
    for function in functions.values():
        read, write, execute = (
            routes.seconds(function.environment[key]) for key in ("read_timeout", "write_timeout", "exec_timeout")
        )
        assert read == write == execute + 3  # of-watchdog still has time to answer 504 itself


def test_variables_are_replaced_as_faas_cli_does(tmp_path: Path) -> None:
    path = tmp_path / "stack.yml"
    path.write_text((ROOT / "stack.yml").read_text("utf-8"), "utf-8")
    images = [function.image for function in stack.read(path, {"REGISTRY": "registry.example/x", "TAG": "7"})]
    assert images[0] == "registry.example/x/api:7"


def test_an_unknown_key_is_an_error_not_ignored(tmp_path: Path) -> None:
    path = tmp_path / "stack.yml"
    text = (ROOT / "stack.yml").read_text("utf-8").replace("    handler:", "    handlr: x\n    handler:")
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="handlr"):
        stack.read(path)
