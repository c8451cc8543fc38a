"""Routes: rendered from stack.yml, read back, and refused with a sentence when wrong."""

import json
from pathlib import Path

import pytest

from faplog import routes, stack

ROOT = Path(__file__).parents[3]


def test_the_routes_of_our_stack() -> None:
    functions = stack.read(ROOT / "stack.yml", {})
    made = {route.function: route for route in routes.from_stack(functions, "http://{function}.faplog-fn:8080/")}
    assert set(made) == {"api", "analyse", "average"}
    assert made["analyse"].url == "http://analyse.faplog-fn:8080/"
    assert (made["analyse"].topic, made["analyse"].reply_topic) == ("analysis.request", "analysis.result")
    assert (made["average"].topic, made["average"].reply_topic) == ("average.request", "average.result")
    assert (made["api"].topic, made["api"].reply_topic) == ("*.result", None)
    assert made["analyse"].concurrency == 2, "one for each replica"
    assert {name: route.batch for name, route in made.items()} == {"api": 16, "analyse": 8, "average": 1}
    assert made["analyse"].timeout_sec == 127, "longer than the function may run"
    assert {name: route.wakes for name, route in made.items()} == {"api": None, "analyse": "average", "average": None}


def test_a_function_that_says_nothing_of_batches_gets_one_message_a_request(tmp_path: Path) -> None:
    own = tmp_path / "stack.yml"
    lines = (ROOT / "stack.yml").read_text().splitlines(keepends=True)
    own.write_text("".join(line for line in lines if "faplog.dev/batch" not in line))
    made = routes.from_stack(stack.read(own, {}), "http://{function}/")
    assert [route.batch for route in made] == [1, 1, 1]


def test_a_routes_file_says_what_it_was_rendered_from(tmp_path: Path) -> None:
    made = routes.from_stack(stack.read(ROOT / "stack.yml", {}), "http://{function}/")
    file = tmp_path / "routes.json"
    file.write_text(routes.render(made))
    assert routes.read(file) == made
    assert {"function", "url", "topic", "replyTopic", "concurrency"} <= set(json.loads(file.read_text())[0])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file"),
        ("[", "wrong at the file"),
        ("[]", "must name at least one function"),
        ('[{"function": "a", "url": "ftp://a", "topic": "a.b"}]', "wrong at 0.url"),
        ('[{"function": "a", "url": "http://a", "topic": "a.b", "concurrency": 0}]', "wrong at 0.concurrency"),
        ('[{"function": "a", "url": "http://a", "topic": "a.b", "batch": 0}]', "wrong at 0.batch"),
        ('[{"function": "a", "url": "http://a", "topic": "a,b"}]', "wrong at 0.topic"),
        ('[{"function": "a", "url": "http://a", "topic": "a.b", "reply": "c.d"}]', "wrong at 0.reply"),
        (json.dumps([{"function": "a", "url": "http://a", "topic": "a.b"}] * 2), "each only once"),
    ],
)
def test_a_wrong_routes_file_is_refused_in_a_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    file = tmp_path / "routes.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=sentence):
        routes.read(file)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("2m", 120), ("1h30m", 5400), ("1m5s", 65), ("0s", 0)])
def test_durations(text: str, seconds: int) -> None:
    assert routes.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "1.5s", "2 m", "5s1m"])
def test_not_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        routes.seconds(text)
