"""What leaves the house: mail and requests to other systems, as operations that a case waits for.

The step that reaches one writes an external task in its own transaction (decisions/0023); the house's
own worker (outbox.py) claims it here, makes the call outside of any transaction, and tells here what
came of it, which moves the case in the same commit. Everything is fenced by the lock of the claim, and
what is delivered again after a crash has the same key. Not here: the network (delivery/)."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypedDict

from runtime import delivery, formulas, functions, household, i18n, library
from runtime.bpmn.model import Node
from runtime.commands import external_tasks
from runtime.delivery import Destinations, Mail, MailServer, Request, Response
from runtime.delivery.errors import NoSuchSecret, NotNow, Undeliverable
from runtime.delivery.mail import ADDRESS
from runtime.engine.ports import BpmnError
from runtime.errors import Failed, GuichengError, Invalid
from runtime.identity import SYSTEM, Actor
from runtime.ledger import operations
from runtime.store import accounts, cases
from runtime.store import external_tasks as tasks
from runtime.store.db import Transaction
from runtime.values import Value

# Seconds for which a delivery is locked, at least. A mail's lock begins anew with each receiver.
LEASE = 300
# Of those, what names, a busy database and a slow machine may take besides the call itself.
SPARE = 150
MOST_MAILS = 200  # of one task
HIDDEN = functions.HIDDEN
# A number that says: ask again later.
LATER = frozenset({408, 425, 429, *range(500, 600)})


class BadReceiver(Invalid):
    """“{receiver}” can receive no mail: name a person, a group, or an address in a domain that
    GUICHENG_MAIL_DOMAINS lists."""

    code = "delivery.bad_receiver"


class TooManyReceivers(Undeliverable):
    """The mail would go to {count} receivers; at most {most} are allowed."""

    code = "delivery.too_many_receivers"


class NoReceiver(Failed):
    """None of the receivers has an e-mail address."""

    code = "delivery.no_receiver"


class MailRefused(Failed):
    """The mail server refuses every receiver: {receivers}"""

    code = "delivery.mail_refused"


class RequestRefused(Failed):
    """{host} answered {status}."""

    code = "delivery.request_refused"


@dataclass(frozen=True)
class Ways:
    """Where and by what means the house delivers, as it was set up. `secrets`: by name; `domains`: where
    mail may go to whoever is no person of the house."""

    destinations: Destinations = field(default_factory=Destinations)
    mail: MailServer = field(default_factory=MailServer)
    domains: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 20.0

    @property
    def lease(self) -> int:
        """Seconds for which a delivery is locked: longer than its call may take, however that was set."""
        return max(LEASE, math.ceil(delivery.longest(self.seconds, self.mail)) + SPARE)


@dataclass(frozen=True)
class Sending:
    """What an operation that is delivered is told: the transaction that prepares it, its key, the means."""

    tx: Transaction
    key: str
    ways: Ways


@dataclass(frozen=True)
class Letters:
    """`unreached`: public ids of people without an address."""

    mails: tuple[Mail, ...]
    unreached: tuple[str, ...]


class Notified(TypedDict):
    sent: int
    unreached: list[str]
    refused: list[str]


class Answered(TypedDict):
    status: int
    headers: dict[str, str]
    body: Any


@operations.delivered("notify.send", Notified, errors=("no_receiver", "mail_refused"))
def notify(
    sending: Sending,
    to: str | list[str],
    subject: str,
    text: str,
    subject_en: str | None = None,
    text_en: str | None = None,
    subject_zh_hant: str | None = None,
    text_zh_hant: str | None = None,
) -> Letters:
    """Send a mail in plain text to people, groups or addresses, each in the receiver's language.

    Groups as `group:purchasing`. Several in a list, or separated by commas. A language without a text
    of its own gets `text`. BPMN errors: no_receiver, when none of them has an address;
    mail_refused, when the mail server refuses every one of them for good."""
    subjects = {"zh_Hans": subject, "en": subject_en or "", "zh_Hant": subject_zh_hant or ""}
    texts = {"zh_Hans": text, "en": text_en or "", "zh_Hant": text_zh_hant or ""}
    found, unreached = _receivers(sending, to)
    if len(found) > MOST_MAILS:
        raise TooManyReceivers(count=len(found), most=MOST_MAILS)
    mails = []
    for address, language in found.items():
        # The same for the same receiver whenever it is sent, and nobody's address to be read in it.
        mark = hashlib.sha256(address.encode()).hexdigest()[:16]
        told = i18n.label(language, subjects), i18n.label(language, texts)
        mails.append(Mail(address, f"{sending.key}.{mark}", *told, language.replace("_", "-")))
    return Letters(tuple(mails), tuple(unreached))


def _receivers(sending: Sending, to: str | Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Address → language, in order; and who has none. Raises BadReceiver."""
    org = household.organisation(sending.tx)
    named = to.split(",") if isinstance(to, str) else to
    ids: dict[int, None] = {}
    addresses: dict[str, str] = {}
    for name in filter(None, (each.strip() for each in named)):
        kind, _, group = name.partition(":")
        if name in org.by_public_id:
            ids[org.by_public_id[name].id] = None
        elif kind == "group" and group in org.groups:
            ids |= dict.fromkeys(org.groups[group])
        elif ADDRESS.fullmatch(name) and name.rpartition("@")[2].lower() in sending.ways.domains:
            addresses[name] = i18n.DEFAULT
        else:
            raise BadReceiver(receiver=name[:80])
    people = accounts.receivers(sending.tx, ids)
    known = {person.email: person.language for person in people if person.email}
    return known | addresses, [person.public_id for person in people if not person.email]


@operations.delivered("http.request", Answered, errors=("http_error", "http_3xx", "http_4xx"))
def ask(
    sending: Sending,
    url: str,
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET",
    body: operations.Anything = None,
    authorization: str | None = None,
    headers: dict[str, Any] | None = None,
) -> Request:
    """Ask another system over HTTP, with `body` as JSON; its answer is `status`, `headers` and `body`.

    Only hosts that whoever operates has listed are asked, and a redirect is not followed. Each request
    has the header Idempotency-Key, the same whenever it is made again. `${secret('NAME')}` stands in
    `headers` and `authorization` only, and its text is never kept. BPMN errors: http_3xx and http_4xx for
    an answer of that kind, http_error for either where nothing catches those; with the variables
    `status`, `headers` and `body`. 408, 425, 429, 5xx and no answer are tried again."""
    told = dict(headers or {})
    if authorization is not None:
        told["Authorization"] = authorization
    return Request(url, sending.key, method, told, body, sending.ways.seconds)


TOPICS = ("http.request", "notify.send")


@dataclass(frozen=True)
class Due:
    """A claimed task: `what` is to be delivered, or `problem` says why it cannot be. `secrets` stand in it
    and are to stand nowhere else; `until` it is locked; `delivered`: what became of some mails before, by
    their marks: sent | refused."""

    id: str
    worker: str
    topic: str
    activity: str
    until: dt.datetime
    delivered: Mapping[str, str] = field(default_factory=dict)
    what: Letters | Request | None = None
    problem: Exception | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def left(self) -> list[Mail]:
        """The mails that nobody has taken yet, nor refused for good."""
        assert isinstance(self.what, Letters)
        return [mail for mail in self.what.mails if _mark(mail) not in self.delivered]


def any_due(tx: Transaction, actor: Actor) -> bool:
    return tasks.any_available(tx, TOPICS)


def claim(tx: Transaction, actor: Actor, worker: str, ways: Ways, most: int) -> list[Due]:
    """Lock up to `most` deliveries, the most urgent first, and say what each is to deliver."""
    seconds = dict.fromkeys(TOPICS, ways.lease)
    rows = tasks.take(tx, seconds, worker, actor.id or None, most, by_priority=True)
    return [_due(tx, row, worker, ways) for row in rows]


def _due(tx: Transaction, row: Any, worker: str, ways: Ways) -> Due:
    due = Due(row.public_id, worker, row.topic, row.activity, row.locked_until, row.delivered or {})
    try:
        case = cases.by_id(tx, row.case_id)
        execution = library.at_rest(tx, case.id, case.process, case.bindings, case.state)
        node = library.process(tx, case.bindings[row.process]).node(row.element)
        local = execution.variables(row.activity, local=True)
        given = {
            parameter.name: local[parameter.name] for parameter in node.inputs if parameter.name in local
        }
        used: list[str] = []
        if row.topic == "http.request":
            given |= _revealed(tx, node, given, execution.variables(row.activity), ways, used)
        what = operations.prepare(row.topic, Sending(tx, row.activity, ways), given)
        return replace(due, what=what, secrets=tuple(used))
    except Exception as problem:
        # Whatever it is, it is this delivery's: the others are not kept waiting by it.
        return replace(due, problem=problem)


def _revealed(
    tx: Transaction,
    node: Node,
    given: Mapping[str, Value],
    variables: Mapping[str, Value],
    ways: Ways,
    used: list[str],
) -> dict[str, Value]:
    """The inputs of which the diagram says that a secret stands in them, with it. Only what the diagram itself
    writes is looked at, never a variable's text."""

    def secret(name: Value) -> str:
        if not isinstance(name, str) or name not in ways.secrets:
            raise NoSuchSecret(name=str(name)[:80])
        used.append(ways.secrets[name])
        return ways.secrets[name]

    calls = {**functions.beside(tx, SYSTEM, variables), "secret": secret}

    def reveal(text: Any, kept: Value) -> Value:
        if not isinstance(text, str) or "secret" not in formulas.compile(text).calls:
            return kept
        return formulas.compile(text).evaluate(variables, calls)

    found: dict[str, Value] = {}
    for parameter in node.inputs:
        if parameter.name not in functions.SECRET_INPUTS or parameter.name not in given:
            continue
        kept = given[parameter.name]
        if isinstance(parameter.value, dict) and isinstance(kept, dict):
            found[parameter.name] = {
                name: reveal(parameter.value.get(name), text) for name, text in kept.items()
            }
        else:
            found[parameter.name] = reveal(parameter.value, kept)
    return found


def handed_in(tx: Transaction, actor: Actor, due: Due, mail: Mail, taken: bool, ways: Ways) -> dt.datetime:
    """The mail server took this one mail, or refuses its receiver for good: whatever becomes of the others, it
    is not sent again. The lock begins anew; until when it is. Raises as external_tasks.hold."""
    delivered = {**(tasks.get(tx, due.id).delivered or {}), _mark(mail): "sent" if taken else "refused"}
    return external_tasks.hold(tx, actor, due.id, due.worker, ways.lease, delivered=delivered)


def _mark(mail: Mail) -> str:
    return mail.key.rpartition(".")[2]


def sent(tx: Transaction, actor: Actor, due: Due) -> None:
    """Every mail was handed in or refused for good: the case goes on. Raises as external_tasks.complete."""
    assert isinstance(due.what, Letters)
    delivered = tasks.get(tx, due.id).delivered or {}
    refused = [mail.to for mail in due.what.mails if delivered.get(_mark(mail)) == "refused"]
    count = len(due.what.mails) - len(refused)
    if count:
        results: Notified = {"sent": count, "unreached": [*due.what.unreached], "refused": [*refused]}
        external_tasks.complete(tx, actor, due.id, due.worker, {}, dict(results))
        return
    if refused:
        _throw(tx, actor, due, "mail_refused", MailRefused(receivers=", ".join(refused)[:400]), {})
    else:
        _throw(tx, actor, due, "no_receiver", NoReceiver(), {})


def answered(tx: Transaction, actor: Actor, due: Due, response: Response) -> None:
    """Another system has answered: the case goes on, by a BPMN error if it was a refusal.

    Raises NotNow if it is to be asked again; else as external_tasks.complete."""
    assert isinstance(due.what, Request)
    results = _masked(
        {"status": response.status, "headers": dict(response.headers), "body": response.body}, due.secrets
    )
    host = due.what.url.partition("://")[2].partition("/")[0]
    if response.status in LATER:
        raise NotNow(host=host, status=response.status)
    if 200 <= response.status < 300:
        external_tasks.complete(tx, actor, due.id, due.worker, {}, results)
        return
    family = f"http_{response.status // 100}xx"
    code = family if _catches(tx, due, family) else "http_error"
    _throw(tx, actor, due, code, RequestRefused(host=host, status=response.status), results)


def _throw(
    tx: Transaction, actor: Actor, due: Due, code: str, error: Failed, variables: Mapping[str, Value]
) -> None:
    # It reaches a person's form, so it is in their language.
    told = i18n.say(i18n.DEFAULT, error.message, **error.params)
    external_tasks.bpmn_error(tx, actor, due.id, due.worker, code, told, variables)


def _catches(tx: Transaction, due: Due, code: str) -> bool:
    row = tasks.get(tx, due.id)
    case = cases.by_id(tx, row.case_id)
    found = library.at_rest(tx, case.id, case.process, case.bindings, case.state)
    return found.catches(due.activity, code)


def _masked(value: Any, secrets: Sequence[str]) -> Any:
    """Some systems answer with what they were asked."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN) if secret else value
        return value
    if isinstance(value, Mapping):
        return {_masked(name, secrets): _masked(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secrets) for item in value]
    return value


def failed(tx: Transaction, actor: Actor, due: Due, error: Exception) -> None:
    """It could not be delivered: tried again as the diagram or the house says, or at once an incident where
    that helps nobody. Raises as external_tasks.failure."""
    hopeless = isinstance(error, (Undeliverable, BpmnError)) or (
        isinstance(error, GuichengError) and not isinstance(error, Failed)
    )
    reason = str(error) if isinstance(error, GuichengError) else type(error).__name__
    reason = _masked(reason, due.secrets) or type(error).__name__
    details = error.code if isinstance(error, GuichengError) else type(error).__name__
    if isinstance(error, NotNow):
        details = f"http_{error.params['status']}"
    tell = partial(external_tasks.failure, tx, actor, due.id, due.worker, reason[:2000], details)
    tell(0) if hopeless else tell()
