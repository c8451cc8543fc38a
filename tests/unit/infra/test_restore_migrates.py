"""A laptop's restore brings older tables to the release that runs; a cluster leaves that to its next sync."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.backup import __main__ as command
from infra.backup import restore, snapshot
from infra.backup.manifest import BadBackup


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what was done, in order; the command's parts do nothing else."""
    done: list[str] = []

    def restored(*_: object, **__: object) -> SimpleNamespace:
        done.append("restore")
        return SimpleNamespace()

    monkeypatch.setattr(snapshot, "find", lambda place: place)
    monkeypatch.setattr(restore, "restore", restored)
    monkeypatch.setattr(command, "target", lambda _: None)
    monkeypatch.setattr(command, "use_state", lambda _: None)
    monkeypatch.setattr(command, "_contents", lambda _: "all of it")
    monkeypatch.setattr(command, "migrate", lambda: done.append("migrate"))
    return done


def test_a_laptop_migrates_after_it(calls: list[str], tmp_path: Path) -> None:
    assert command.main(["restore", str(tmp_path), "--state", str(tmp_path)]) == 0
    assert calls == ["restore", "migrate"]


def test_a_cluster_does_not(calls: list[str], tmp_path: Path) -> None:
    assert command.main(["restore", str(tmp_path)]) == 0
    assert calls == ["restore"]


def test_a_restore_that_differs_at_its_end_is_migrated_and_told(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def differs(*_: object, **__: object) -> None:
        raise BadBackup("3 rows differ")

    monkeypatch.setattr(restore, "restore", differs)
    assert command.main(["restore", str(tmp_path), "--state", str(tmp_path)]) == 1
    assert calls == ["migrate"]
    assert "3 rows differ" in capsys.readouterr().err
