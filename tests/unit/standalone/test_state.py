"""The state folder, its lock, its ports and what a killed supervisor left."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import psutil
import pytest

from standalone import ports, survivors
from standalone.credentials import ensure_signing_keys, password, put
from standalone.ports import assign, is_free
from standalone.program import binary
from standalone.reset import remove
from standalone.state import Problem, State, lock, prepare, write_private
from standalone.system import limit_bytes
from tests.conftest import ROOT

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


def test_a_file_in_the_folders_place_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(Problem, match="cannot be written"):
        prepare(tmp_path / "state")


def test_a_path_too_long_for_sockets_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="too long"):
        prepare(tmp_path / ("long" * 30))


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    assert stat.S_IMODE(prepare(tmp_path / "state").root.stat().st_mode) == 0o700


def test_a_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    held = lock(state)
    with pytest.raises(Problem, match=f"already running .process {os.getpid()}."):
        lock(state)
    os.close(held)
    os.close(lock(state))


def test_write_private_replaces_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private(file, "one")
    write_private(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [file]


def test_credentials_are_made_once(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    assert password(state, "a") == password(state, "a") != password(state, "b")
    put(state, "url", "one")
    put(state, "url", "two")
    assert (state.secrets / "url").read_text() == "two"
    ensure_signing_keys(state)
    first = (state.secrets / "faplog-signing-keys").read_text()
    ensure_signing_keys(state)
    assert (state.secrets / "faplog-signing-keys").read_text() == first
    assert json.loads(first)["active"] in json.loads(first)["keys"]


CLAIM: Final = """
import sys
from standalone.ports import claim
assert claim(31_777)
assert claim(31_777)
print("claimed", flush=True)
sys.stdin.read()
"""


def test_a_port_that_another_process_has_drawn_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_RANGE", [31_777] * 50 + [31_778])
    monkeypatch.setattr(ports, "is_free", lambda _: True)
    monkeypatch.setattr(ports, "_socket_left_behind", lambda _: False)
    other = subprocess.Popen(
        [sys.executable, "-c", CLAIM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    assert other.stdin
    with other, other.stdout, other.stdin:
        assert other.stdout.readline() == "claimed\n"
        assert assign(State(tmp_path), ["a"]) == {"a": 31_778}
    assert ports.claim(31_777), "the other has ended"


def test_ports_stay_unless_one_was_taken(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    first = assign(state, ["a", "b"])
    assert assign(state, ["b"]) == {"b": first["b"]}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["a"]))
        taken.listen()
        assert not is_free(first["a"])
        second = assign(state, ["a", "b"])
    assert second["b"] == first["b"]
    assert second["a"] not in (first["a"], first["b"])


def test_no_port_is_assigned_twice_over_several_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a first call assigned may not listen yet when the second one looks for a free port."""
    monkeypatch.setattr(ports, "_RANGE", range(31_000, 31_012))
    state = prepare(tmp_path)
    first = assign(state, ["a", "b", "c"], avoid=[31_000])
    second = assign(state, ["d", "e", "f"], avoid=[31_000])
    assert len({31_000, *first.values(), *second.values()}) == 7


def test_two_names_that_share_a_port_are_parted(tmp_path: Path) -> None:
    """Version 0.1 could write such a file."""
    state = prepare(tmp_path)
    write_private(state.root / "ports.json", json.dumps({"a": 31_500, "b": 31_500}))
    first = assign(state, ["a"])
    assert assign(state, ["b"])["b"] != first["a"]


def test_a_second_port_that_is_taken_moves_the_first(tmp_path: Path) -> None:
    state = prepare(tmp_path)
    first = assign(state, ["a"])["a"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 10_000))
        taken.listen()
        assert assign(state, ["a"], second={"a": 10_000})["a"] != first


def test_a_port_whose_socket_another_user_left_is_not_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = prepare(tmp_path / "state")
    first = assign(state, ["s3-master-grpc"])
    monkeypatch.setattr(ports, "SOCKETS", tmp_path)
    (tmp_path / f"seaweedfs-master-grpc-{first['s3-master-grpc']}.sock").touch()
    assert assign(state, ["s3-master-grpc"]) == first
    monkeypatch.setattr(os, "geteuid", lambda: -1)
    assert assign(state, ["s3-master-grpc"]) != first


@pytest.mark.parametrize(("quantity", "size"), [("512Mi", 512 << 20), ("2Gi", 2 << 30), ("64Ki", 64 << 10)])
def test_limit_bytes(quantity: str, size: int) -> None:
    assert limit_bytes(quantity) == size


def test_a_limit_that_is_none_is_a_problem() -> None:
    with pytest.raises(Problem, match="'lots'"):
        limit_bytes("lots")


def test_a_missing_program_names_itself() -> None:
    with pytest.raises(Problem, match="'no-such-program' is not installed"):
        binary("no-such-program")


def test_survivors_are_ended_with_their_children_and_strangers_are_not(tmp_path: Path) -> None:
    """Also a child whose environment does not say whose it is, as a gunicorn worker's with its title over it."""
    state, other = prepare(tmp_path / "state"), prepare(tmp_path / "other")
    script = f"import subprocess, sys; print(subprocess.Popen({SLEEP!r}, env={{}}).pid, flush=True); sys.stdin.read()"
    stranger = subprocess.Popen(SLEEP, env=dict(os.environ) | survivors.mark(other))
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        env=dict(os.environ) | survivors.mark(state),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin
    assert parent.stdout
    with parent.stdin, parent.stdout:
        child = int(parent.stdout.readline())
        assert survivors.end(state) == 2
        parent.wait(5)
    assert not psutil.pid_exists(child)
    assert survivors.end(state) == 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_reset_removes_a_state_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "letter").write_text("dear")
    with pytest.raises(Problem, match="not a state folder"):
        remove(State(tmp_path / "documents"))
    state = prepare(tmp_path / "state")
    held = lock(state)
    with pytest.raises(Problem, match="already running"):
        remove(state)
    os.close(held)
    assert "credentials" in remove(state)
    assert not state.root.exists()
    assert "nothing was removed" in remove(state)
    assert (tmp_path / "documents" / "letter").exists()
