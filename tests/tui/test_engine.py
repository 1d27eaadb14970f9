"""The engine: one thread, short jobs between a long one's steps, failures told and never fatal."""

from __future__ import annotations

import random
import sys
import threading
import time
from typing import Any

import pytest
from textual.message import Message

from core.errors import OgiveError
from tui.engine import Engine, JobContext, JobDone, JobFailed, JobStarted, explain, forked_randomness


class Post:
    """Where messages go; as much of a message pump as the engine needs."""

    def __init__(self, accepts: bool = True) -> None:
        self.messages: list[Message] = []
        self.accepts = accepts

    def post_message(self, message: Message) -> bool:
        if self.accepts:
            self.messages.append(message)
        return self.accepts

    def kinds(self) -> list[str]:
        return [type(message).__name__ for message in self.messages]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def engine(post: Any):
    made = Engine(post)
    yield made
    assert made.close(seconds=10)


def test_result_and_messages(engine: Engine, post: Post) -> None:
    handle = engine.submit(lambda context: 6 * 7, name="answer")
    assert handle.future.result(5) == 42
    assert handle.wait(5)
    end = time.monotonic() + 5
    while len(post.messages) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert post.kinds() == ["JobStarted", "JobDone"]
    done = post.messages[1]
    assert isinstance(done, JobDone)
    assert done.result == 42
    assert handle.state == "done"


def test_every_job_is_on_the_one_thread_and_it_is_not_ours(engine: Engine) -> None:
    idents = {engine.submit(lambda _: threading.get_ident(), name=str(i)).future.result(5) for i in range(5)}
    assert idents == {engine.thread_id}
    assert threading.get_ident() not in idents


def test_short_jobs_run_at_the_yield_points_of_a_long_one(engine: Engine) -> None:
    order: list[str] = []
    stepped = threading.Event()

    def long(context: JobContext) -> str:
        step = 0
        while not context.cancel.requested:
            order.append("step")
            stepped.set()
            context.cancel.wait(0.005)
            context.cancel.yield_point()
            step += 1
        return context.cancel.reason

    handle = engine.submit(long, name="training", long=True)
    assert stepped.wait(5)
    assert engine.long_job is handle
    for name in "abc":
        engine.submit(lambda _, name=name: order.append(name), name=name).future.result(5)
    handle.cancel.request("enough")
    assert handle.future.result(5) == "enough"
    assert [name for name in order if name != "step"] == ["a", "b", "c"]
    assert order[0] == "step"
    assert engine.long_job is None


def test_short_jobs_leave_the_long_ones_random_numbers_alone(engine: Engine) -> None:
    import torch

    def draw(context: JobContext, disturbed: bool) -> list[float]:
        torch.manual_seed(5)
        random.seed(5)
        drawn = []
        for _ in range(4):
            if disturbed:
                engine.submit(lambda _: (torch.rand(3), random.random()), name="sample")
            context.cancel.yield_point()
            drawn += [torch.rand(()).item(), random.random()]
        return drawn

    calm = engine.submit(lambda context: draw(context, False), name="calm", long=True).future.result(20)
    disturbed = engine.submit(lambda context: draw(context, True), name="disturbed", long=True).future.result(20)
    assert disturbed == calm


def test_randomness_is_forked_without_loading_anything() -> None:
    loaded = set(sys.modules)
    random.seed(1)
    expected = random.random()
    random.seed(1)
    with forked_randomness():
        random.random()
    assert random.random() == expected
    assert set(sys.modules) <= loaded | {"torch", "numpy"}


def test_a_job_that_dies_is_told_and_the_next_one_runs(engine: Engine, post: Post) -> None:
    def die(_: JobContext) -> None:
        raise OgiveError("The disk is full.", "Free some space.")

    def bug(_: JobContext) -> None:
        raise ZeroDivisionError("division by zero")

    for job in (die, bug):
        engine.submit(job, name=job.__name__).wait(5)
    assert engine.submit(lambda _: "alive", name="after").future.result(5) == "alive"
    failures = [message for message in post.messages if isinstance(message, JobFailed)]
    assert [(f.cause, f.defect) for f in failures] == [
        ("The disk is full.", False),
        ("ZeroDivisionError: division by zero", True),
    ]
    assert failures[0].hint == "Free some space."
    assert failures[0].handle.state == "failed"


def test_messages_go_to_the_app_when_the_screen_has_gone(engine: Engine, post: Post) -> None:
    gone: Any = Post(accepts=False)
    engine.submit(lambda _: None, name="orphan", to=gone).wait(5)
    end = time.monotonic() + 5
    while len(post.messages) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert post.kinds() == ["JobStarted", "JobDone"]
    assert isinstance(post.messages[0], JobStarted)


def test_only_the_newest_value_is_shown(engine: Engine) -> None:
    def count(context: JobContext) -> None:
        for value in range(100):
            context.show(value)

    handle = engine.submit(count, name="count")
    assert handle.wait(5)
    assert handle.latest == 99


def test_closing_stops_what_runs_and_drops_what_waits(post: Any) -> None:
    engine = Engine(post)
    running = threading.Event()

    def wait(context: JobContext) -> str:
        running.set()
        context.cancel.wait(30)
        return context.cancel.reason

    first = engine.submit(wait, name="first", long=True)
    second = engine.submit(wait, name="second", long=True)
    assert running.wait(5)
    assert engine.close("closing", seconds=5)
    assert first.future.result(0) == "closing"
    assert second.state == "dropped"
    assert second.wait(0.1)
    with pytest.raises(OgiveError, match="closing"):
        engine.submit(wait, name="late")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (MemoryError("cannot allocate 3 GB"), "Memory ran out: cannot allocate 3 GB"),
        (RuntimeError("CUDA error: out of memory\nmore"), "Memory ran out: CUDA error: out of memory"),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied (/x)."),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_causes_in_plain_words(error: Exception, cause: str) -> None:
    told, hint = explain(error)
    assert told == cause
    assert hint
