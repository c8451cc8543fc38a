"""`python -m connector.dead list | replay`: list dead letters, or put them back into work.

`list` prints one JSON object per line: sequence, time, subject, reason, tries, bytes, message id; never the payload.
`replay` publishes the chosen letters (by number, `--subject` or `--all`) with their tries reset, then removes them.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from connector.broker import INBOX_PREFIX, reason
from connector.message import HEADER_NOT_BEFORE
from connector.settings import ConnectorSettings
from faplog import settings
from faplog.bus import (
    DEAD_PREFIX,
    HEADER_MESSAGE_ID,
    HEADER_REASON,
    HEADER_TRACEPARENT,
    HEADER_TRY,
    STREAM_DEAD,
    full,
)


async def letters(jetstream: JetStreamContext, subject: str = ">") -> AsyncIterator[RawStreamMsg]:
    """Yield the dead letters whose former subject matches, oldest first."""
    sequence = 1
    while True:
        try:
            letter = await jetstream.get_msg(STREAM_DEAD, seq=sequence, subject=DEAD_PREFIX + subject, next=True)
        except NotFoundError:
            return
        yield letter
        sequence = (letter.seq or 0) + 1


def describe(letter: RawStreamMsg) -> dict[str, object]:
    """Return what `list` shows of a letter."""
    headers = letter.headers or {}
    return {
        "seq": letter.seq,
        "time": letter.time.isoformat(timespec="seconds") if letter.time else None,
        "subject": (letter.subject or "").removeprefix(DEAD_PREFIX),
        "reason": headers.get(HEADER_REASON),
        "tries": headers.get(HEADER_TRY),
        "bytes": len(letter.data or b""),
        "message_id": (headers.get(HEADER_MESSAGE_ID) or "").removeprefix(DEAD_PREFIX),
        "traceparent": headers.get(HEADER_TRACEPARENT),
    }


async def replay(jetstream: JetStreamContext, letter: RawStreamMsg) -> None:
    """Publish the letter to its former subject, then remove it. A repetition within two minutes makes no duplicate.

    Raises:
        ValueError: The letter was stored without its payload, or the stream is too full for further requests.
    """
    if not letter.data:
        raise ValueError(f"Letter {letter.seq} was stored without its payload and cannot be replayed.")
    if await full(jetstream):
        raise ValueError(
            f"Letter {letter.seq} was not replayed: too many messages are waiting. Try again when there are fewer."
        )
    headers = dict(letter.headers or {})
    former = headers.get(HEADER_MESSAGE_ID, DEAD_PREFIX + str(letter.subject)).removeprefix(DEAD_PREFIX)
    for name in (HEADER_TRY, HEADER_REASON, HEADER_NOT_BEFORE):
        headers.pop(name, None)
    # A new id: the former one may still be in the de-duplication window, and a next failure needs a letter of its own.
    headers[HEADER_MESSAGE_ID] = f"{former}:replay{letter.seq}"
    await jetstream.publish(str(letter.subject).removeprefix(DEAD_PREFIX), letter.data, headers=headers)
    await jetstream.delete_msg(STREAM_DEAD, int(letter.seq or 0))


async def _list(jetstream: JetStreamContext, subject: str) -> int:
    """Print the letters one by one: all of them together may be larger than the memory of the pod."""
    found = False
    async for letter in letters(jetstream, subject):
        found = True
        print(json.dumps(describe(letter)))
    if not found:
        print("There are no dead letters.", file=sys.stderr)
    return 0


async def _replay_chosen(jetstream: JetStreamContext, subject: str, sequences: frozenset[int]) -> int:
    """Replay the letters with these numbers, or all; those that die again meanwhile have later numbers."""
    present = [letter.seq or 0 async for letter in letters(jetstream, subject)]
    missing = sequences - set(present)
    for sequence in sorted(missing):
        print(f"There is no dead letter {sequence}.", file=sys.stderr)
    chosen = [sequence for sequence in present if not sequences or sequence in sequences]
    failed = 0
    for sequence in chosen:
        try:
            await replay(jetstream, await jetstream.get_msg(STREAM_DEAD, seq=sequence))
        except ValueError as error:
            failed += 1
            print(error, file=sys.stderr)
    print(f"{len(chosen) - failed} replayed.")
    return 1 if missing or failed else 0


async def run(arguments: argparse.Namespace, url: str) -> int:
    """Run the command and return the exit status."""
    client = await nats.connect(
        url, inbox_prefix=INBOX_PREFIX, allow_reconnect=False, max_reconnect_attempts=1, connect_timeout=3
    )
    try:
        jetstream = client.jetstream()
        if arguments.command == "list":
            return await _list(jetstream, arguments.subject or ">")
        return await _replay_chosen(jetstream, arguments.subject or ">", frozenset(arguments.sequences))
    finally:
        await client.close()


def main() -> int:
    """Parse the command line, read the connector's settings and run the command."""
    parser = argparse.ArgumentParser(prog="python -m connector.dead", description=__doc__)
    parser.add_argument("command", choices=["list", "replay"])
    parser.add_argument(
        "sequences", nargs="*", type=int, metavar="SEQ", help="numbers of the letters, as shown by `list`"
    )
    parser.add_argument("--subject", help="only letters of this former subject, such as analysis.request")
    parser.add_argument("--all", action="store_true", help="replay every letter")
    arguments = parser.parse_args()
    if arguments.command == "replay" and not (arguments.sequences or arguments.subject or arguments.all):
        parser.error("name the letters to replay: their numbers, --subject or --all")
    try:
        return asyncio.run(run(arguments, settings.load(ConnectorSettings).nats_url))
    except settings.SettingsError as error:
        print(error, file=sys.stderr)
    except (NatsError, OSError) as error:
        print(f"NATS refused or did not answer: {reason(error)}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
