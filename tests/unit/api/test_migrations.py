"""The migrations are one line, so that every database gets all of them in the same order."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.conftest import ROOT


def test_each_migration_follows_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "functions/api/migrations"))
    newest_first = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert newest_first == [f"{number:04}" for number in range(len(newest_first), 0, -1)]
    assert len(newest_first) == len(list((ROOT / "functions/api/migrations/versions").glob("[0-9]*.py")))
