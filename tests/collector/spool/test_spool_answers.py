"""Answers of the spool's thread to a loop: whoever does not wait any more must not hurt those who do."""

import asyncio
import logging
from pathlib import Path

import pytest

from collector.errors import SpoolFull
from collector.spool.answer import LoopAnswer
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from tests.collector.rigs.spooling import append
from tests.patience import PATIENCE

_PAYLOAD = Payload("envoy_json", b"{}", 1_700_000_000_000_000)


async def _answered(spool: Spool) -> None:
    answer = LoopAnswer()
    spool.offer(_PAYLOAD, answer)
    await answer.future


def test_a_coroutine_learns_what_is_durable(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    asyncio.run(asyncio.wait_for(_answered(spool), 5))
    spool.close()
    assert (segment := spool.take(0)) is not None
    assert segment.path.read_bytes().count(b"{}") == 1


def test_a_coroutine_learns_why_something_is_not_durable(tmp_path: Path) -> None:
    async def refused() -> None:
        answer = LoopAnswer()
        answer(SpoolFull("The spool cannot be written. Free space."))
        await answer.future

    with pytest.raises(SpoolFull, match="Free space"):
        asyncio.run(refused())


def test_whoever_has_gone_is_not_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> LoopAnswer:
        answer = LoopAnswer()
        answer.future.cancel()
        answer(None)
        # The loop takes the answer before it goes on.
        await asyncio.sleep(0)
        return answer

    with caplog.at_level(logging.WARNING):
        answer = asyncio.run(leave())
        assert answer.future.cancelled()
        # The loop is closed by now.
        answer(None)
    assert not caplog.records


def test_clients_that_give_up_do_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))

    async def offer_and_leave() -> None:
        answers = [LoopAnswer() for _ in range(200)]
        for answer in answers:
            spool.offer(_PAYLOAD, answer)
            answer.future.cancel()
        await _answered(spool)

    asyncio.run(offer_and_leave())
    spool.close()
    assert (segment := spool.take(0)) is not None
    assert segment.path.read_bytes().count(b"{}") == 201
    assert not caplog.records


def test_a_receiver_that_fails_does_not_stop_the_spool(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))

    def fail(_: Exception | None) -> None:
        raise ValueError("not what this receiver expected")

    spool.offer(_PAYLOAD, fail)
    assert append(spool, _PAYLOAD).result(PATIENCE) is None
    spool.close()
    assert [record.message for record in caplog.records] == ["A receiver could not take the spool's answer."]
