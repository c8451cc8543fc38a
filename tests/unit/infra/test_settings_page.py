"""docs/settings.md: every setting of every process is there, with a meaning."""

from pathlib import Path

from infra import ROOT, settings_page


def test_every_setting_has_a_description() -> None:
    assert not settings_page.undocumented()


def test_every_settings_model_is_on_the_page() -> None:
    """A new model of a process does not stay out of the reference."""
    models = set(map(Path, _files_with_settings()))
    on_page = {Path(one.model.__module__.replace(".", "/") + ".py") for one in settings_page.PROCESSES}
    assert models - on_page == {Path("faplog/settings.py"), Path("faplog/function.py")}


def test_each_name_is_listed_in_one_alphabet() -> None:
    names = [
        line.split("`")[1] for line in (ROOT / settings_page.PAGE).read_text("utf-8").splitlines() if "| `" in line
    ]
    assert names
    assert all(name.startswith(("FAPLOG_", "faplog-")) for name in names)


def _files_with_settings() -> list[str]:
    rooms = ("faplog", "functions", "connector", "ui", "infra")
    return [
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts and "Settings):" in path.read_text("utf-8")
    ]
