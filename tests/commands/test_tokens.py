"""Access tokens: who makes them, what is kept of them, when they end."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from runtime import clock, demo
from runtime.cli import main
from runtime.commands import accounts, tokens
from runtime.commands.tokens import BadToken, NoSuchOwner, NoSuchToken, TooManyTokens
from runtime.identity import SYSTEM, NotGranted, SignInRefused
from runtime.queries import tokens as token_queries
from runtime.store.accounts import admin_log
from runtime.store.db import Transaction
from runtime.store.tokens import tokens as table
from tests.office import Office


def audited(firm: Office) -> list[tuple[str, str, dict[str, object]]]:
    def read(tx: Transaction, actor: object) -> list[tuple[str, str, dict[str, object]]]:
        chosen = sa.select(admin_log).where(admin_log.c.action.like("token.%")).order_by(admin_log.c.id)
        return [(row.action, row.subject, row.detail) for row in tx.all(chosen)]

    return firm.runtime.read(read, SYSTEM)


def test_a_token_acts_as_its_person_and_only_its_digest_is_kept(firm: Office) -> None:
    made = firm.runtime.do(tokens.make, SYSTEM, "spec", " nightly import ", 7)
    assert re.fullmatch(r"guicheng_[\w-]{43}", made.secret)
    assert made.expires_at == clock.now() + dt.timedelta(days=7)
    found = firm.runtime.read(token_queries.holder, None, made.secret)
    assert found is not None and found.actor == firm.as_("spec").actor
    row = firm.runtime.read(lambda tx, actor: tx.first(sa.select(table)), SYSTEM)
    assert row.digest == hashlib.sha256(made.secret.encode()).hexdigest()
    assert made.secret not in str(row) and row.name == "nightly import"


def test_making_and_revoking_stand_in_the_audit_without_the_secret(firm: Office) -> None:
    made = firm.runtime.do(tokens.make, SYSTEM, "spec", "import", 7)
    firm.runtime.do(tokens.revoke, SYSTEM, made.id)
    (first, second) = audited(firm)
    assert (first[0], first[1], first[2]["name"]) == ("token.made", "spec", "import")
    assert (second[0], second[1], second[2]["token"]) == ("token.revoked", "spec", made.id)
    assert made.secret not in str(audited(firm)) and "digest" not in str(audited(firm))


def test_ones_own_token_needs_ones_password_again(office: Office) -> None:
    chen = office.as_("chenjie").actor
    with pytest.raises(SignInRefused):
        office.runtime.do(tokens.make_own, chen, "wrong password", "import", 7)
    made = office.runtime.do(tokens.make_own, chen, demo.PASSWORD, "import", 7)
    assert [row.id for row in office.runtime.read(token_queries.own, chen)] == [made.id]


def test_a_service_account_has_no_password_and_acts_by_a_token(firm: Office) -> None:
    firm.runtime.do(accounts.add_person, SYSTEM, "erp", {"en": "ERP"}, groups=["purchasing"])
    made = firm.runtime.do(tokens.make, SYSTEM, "erp", "orders", 366)
    found = firm.runtime.read(token_queries.holder, None, made.secret)
    assert found is not None and found.actor.groups == {"purchasing"}
    with pytest.raises(SignInRefused):
        firm.runtime.do(accounts.sign_in, None, "erp", "")
    with pytest.raises(SignInRefused):
        firm.runtime.do(tokens.make_own, found.actor, "", "one more", 7)


def test_who_does_not_administer_people_makes_and_sees_none_of_others(firm: Office) -> None:
    spec = firm.as_("spec").actor
    made = firm.runtime.do(tokens.make, SYSTEM, "boss", "import", 7)
    with pytest.raises(NotGranted):
        firm.runtime.do(tokens.make, spec, "boss", "mine now", 7)
    with pytest.raises(NotGranted):
        firm.runtime.read(token_queries.listing, spec)
    with pytest.raises(NoSuchToken):
        firm.runtime.do(tokens.revoke, spec, made.id)
    assert firm.runtime.read(token_queries.own, spec) == []
    firm.runtime.do(tokens.revoke, firm.as_("root").actor, made.id)
    with pytest.raises(NoSuchToken):
        firm.runtime.do(tokens.revoke, firm.as_("root").actor, made.id)


@pytest.mark.parametrize(
    ("name", "days"), [("", 7), ("  ", 7), ("x" * 101, 7), ("a\nb", 7), ("x", 0), ("x", -1), ("x", 367)]
)
def test_a_token_needs_a_name_and_an_end(firm: Office, name: str, days: int) -> None:
    with pytest.raises(BadToken):
        firm.runtime.do(tokens.make, SYSTEM, "spec", name, days)


def test_nobody_owns_a_token_who_is_not_there_or_collects_them(firm: Office) -> None:
    with pytest.raises(NoSuchOwner):
        firm.runtime.do(tokens.make, SYSTEM, "nobody", "x", 7)
    firm.runtime.do(accounts.deactivate, SYSTEM, "spec2")
    with pytest.raises(NoSuchOwner):
        firm.runtime.do(tokens.make, SYSTEM, "spec2", "x", 7)
    for _ in range(tokens.MOST_TOKENS):
        firm.runtime.do(tokens.make, SYSTEM, "spec", "x", 7)
    with pytest.raises(TooManyTokens):
        firm.runtime.do(tokens.make, SYSTEM, "spec", "x", 7)


def test_the_last_use_is_noted_now_and_then(firm: Office) -> None:
    made = firm.runtime.do(tokens.make, SYSTEM, "spec", "import", 7)
    spec = firm.as_("spec").actor

    def used() -> dt.datetime | None:
        return firm.runtime.read(token_queries.own, spec)[0].used_at

    assert used() is None
    first = clock.now()
    firm.runtime.do(tokens.note_use, spec, made.id)
    firm.later(minutes=5)
    firm.runtime.do(tokens.note_use, spec, made.id)
    assert used() == first
    firm.later(minutes=6)
    firm.runtime.do(tokens.note_use, spec, made.id)
    assert used() == clock.now()


def test_by_the_command_line(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    added = ["person", "add", "erp", "--name", "ERP", "--group", "purchasing", "--service"]
    assert CliRunner().invoke(main, added).exit_code == 0
    firm.as_("erp")
    made = CliRunner().invoke(main, ["token", "create", "spec", "--name", "import", "--days", "7"])
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert firm.runtime.read(token_queries.holder, None, secret) is not None
    listed = CliRunner().invoke(main, ["token", "list"])
    assert "import" in listed.output and secret not in listed.output
    own = firm.runtime.read(token_queries.own, firm.as_("spec").actor)
    assert CliRunner().invoke(main, ["token", "revoke", own[0].id]).exit_code == 0
    assert firm.runtime.read(token_queries.holder, None, secret) is None
    assert CliRunner().invoke(main, ["token", "revoke", own[0].id]).exit_code == 1
