"""The outbox: claims what is to leave the house, makes the call, tells what came of it.

A call is made outside of any transaction, by one of a few threads; whoever is killed between the call
and the commit has locked the task, and when the lock is over it is delivered again with the same key.
Not here: what is due and what an answer means (commands/deliveries.py), the network (delivery/)."""

from __future__ import annotations

import datetime as dt
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from runtime import clock, delivery
from runtime.bootstrap import Runtime
from runtime.commands import deliveries, mention_mails
from runtime.commands.deliveries import Due, Letters
from runtime.commands.external_tasks import ExternalTaskOver, LockExpired, NotYourLock
from runtime.commands.mention_mails import Letter
from runtime.delivery import Mail, Request
from runtime.identity import SYSTEM
from runtime.ids import public_id

log = structlog.get_logger()
AT_ONCE = 4  # calls
LONGEST_SLEEP = 2.0  # seconds: a pause may have ended; of an embedded database other processes tell nothing


class Outbox:
    """Delivers for one runtime; `start` in a thread of its own, or `drain` by hand."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.worker = f"house-{os.getpid()}-{public_id()[-8:]}"
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in the background; whoever writes something to deliver wakes it."""
        self.runtime.hear()
        self._thread = threading.Thread(target=self.run, name="outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls at hand and end."""
        self._stopping.set()
        self.runtime.bell.ring()
        if self._thread:
            self._thread.join(timeout=30)

    def run(self) -> None:
        while not self._stopping.is_set():
            rung = self.runtime.bell.rung
            try:
                worked = self.drain()
            except Exception:
                # The database may be away for a while.
                log.exception("outbox_failed")
                worked = 0
            if not worked and not self._stopping.is_set():
                self.runtime.bell.wait(rung, LONGEST_SLEEP)

    def drain(self) -> int:
        """Deliver everything that is due now; how many deliveries that were."""
        count = 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery") as pool:
            # Looking changes nothing, so that an idle outbox keeps nobody from writing.
            while not self._stopping.is_set() and self.runtime.read(deliveries.any_due, SYSTEM):
                claimed = self.runtime.do(deliveries.claim, SYSTEM, self.worker, self.runtime.ways, AT_ONCE)
                if not claimed:
                    break
                list(pool.map(self.deliver, claimed))
                count += len(claimed)
            while not self._stopping.is_set() and self.runtime.read(mention_mails.any_due, SYSTEM):
                letters = self.runtime.do(mention_mails.claim, SYSTEM, self.runtime.ways, AT_ONCE)
                list(pool.map(self.mail, letters))
                count += len(letters)
        return count

    def mail(self, letter: Letter) -> None:
        """Hand in one mail about a mention, and note that it was, or when it is tried again."""
        try:
            delivery.send([letter.mail], self.runtime.ways.mail, clock.now())
            self.runtime.do(mention_mails.settled, SYSTEM, letter)
        except Exception as error:
            log.warning("mention_not_mailed", error=type(error).__name__)
            self.runtime.do(mention_mails.failed, SYSTEM, letter)

    def deliver(self, due: Due) -> None:
        """Make the call of a claimed delivery and tell what came of it."""
        try:
            try:
                self._call(due)
            except (ExternalTaskOver, LockExpired, NotYourLock):
                raise
            except Exception as error:
                # Never what it said: an address, a header or an answer may be somebody's secret.
                log.warning(
                    "not_delivered", topic=due.topic, activity=due.activity, error=type(error).__name__
                )
                self.runtime.do(deliveries.failed, SYSTEM, due, error)
        except (ExternalTaskOver, LockExpired, NotYourLock) as late:
            # It was withdrawn meanwhile, or the lock ran out and somebody else is at it.
            log.warning("delivered_in_vain", topic=due.topic, activity=due.activity, reason=late.code)
        except Exception:
            # Its lock runs out and it is delivered again, with the same key.
            log.exception("delivery_not_noted", topic=due.topic, activity=due.activity)

    def _call(self, due: Due) -> None:
        if due.problem is not None:
            raise due.problem
        ways = self.runtime.ways
        # A machine that stood still meanwhile: who follows may be at it before this call is over.
        if due.until - clock.now() < dt.timedelta(seconds=delivery.longest(ways.seconds, ways.mail)):
            raise LockExpired(until=due.until.isoformat())
        if isinstance(due.what, Letters):
            if due.left:
                delivery.send(due.left, ways.mail, clock.now(), partial(self._handed_in, due))
            self.runtime.do(deliveries.sent, SYSTEM, due)
        elif isinstance(due.what, Request):
            response = delivery.request(due.what, ways.destinations)
            self.runtime.do(deliveries.answered, SYSTEM, due, response)

    def _handed_in(self, due: Due, mail: Mail, taken: bool) -> None:
        self.runtime.do(deliveries.handed_in, SYSTEM, due, mail, taken, self.runtime.ways)
