"""Reading and writing at the same time: where there are many rows, they are read in a process of its own.

The reader sends batches through a pipe and waits while nobody takes one, so memory does not grow. It is forked, for a
new interpreter would take seconds to start, and never touches the connections that it inherits.
"""

import gc
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from legacy_import.messages import Answer, Batch, Begun, Message, Order, Question
from legacy_import.reading import read
from legacy_import.source import SourceError, open_source

WORTH_A_PROCESS = 20_000  # rows

Results = Iterator[Begun | Batch]
ToAnswer = Callable[[Question], Answer]


@contextmanager
def reading(connection: str, order: Order, answer: ToAnswer, *, rows: int) -> Iterator[Results]:
    """Read the old database while the block runs.

    :raises SourceError: from the iterator, if the source cannot be read on
    """
    if rows < WORTH_A_PROCESS:
        results: Any = _here(connection, order, answer)  # a generator, which closing ends
        with closing(results):
            yield results
        return
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send_all, args=(connection, order, theirs, ours), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _received(ours, answer)
    finally:
        ours.close()
        process.kill()
        process.join()


def _here(connection: str, order: Order, answer: ToAnswer) -> Generator[Begun | Batch]:
    answers: deque[Answer] = deque()
    with open_source(connection, timezone=order.options.timezone) as source:
        for message in read(source, order, answers.popleft):
            if isinstance(message, Question):
                answers.append(answer(message))
            else:
                yield message


def _received(pipe: "Connection[Any, Any]", answer: ToAnswer) -> Results:
    while True:
        try:
            message = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own process wrote it
        except EOFError:
            raise SourceError("The process that reads the old database ended: run the import again.") from None
        if message is None:
            return
        if isinstance(message, SourceError):
            raise message
        if isinstance(message, Question):
            pipe.send_bytes(pickle.dumps(answer(message)))
        else:
            yield message


def _send_all(connection: str, order: Order, pipe: "Connection[Any, Any]", others: "Connection[Any, Any]") -> None:
    """Read in the reader's process; when nobody listens any more, it ends."""
    others.close()
    gc.disable()  # it would look through all rows again and again; what is left of a batch is collected after it

    def send(message: Message | SourceError | None) -> None:
        pipe.send_bytes(pickle.dumps(message, protocol=5))

    with suppress(BrokenPipeError, ConnectionResetError, EOFError, KeyboardInterrupt):
        try:
            with open_source(connection, timezone=order.options.timezone) as source:
                for message in read(source, order, lambda: pickle.loads(pipe.recv_bytes())):  # noqa: S301 - as above
                    send(message)
                    gc.collect()
            send(None)
        except SourceError as error:
            send(error)
