"""Mail goes out as it was written, to one receiver each, with a Message-ID that stays the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from runtime.delivery import Mail, MailServer, send
from runtime.delivery.errors import MailNotSent, MailNotSetUp, NotUnderstood
from runtime.delivery.mail import BadMailServer
from tests.delivery.servers import Post

NOW = dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC)


def server(post: Post) -> MailServer:
    return MailServer.read(post.address, "none", "", "", "office@firm.example")


def test_a_mail_arrives_as_it_was_written(post: Post) -> None:
    text = "你好 {{7*7}} ${x} <b>\n.\n..第二行\n"
    assert (
        send([Mail("ana@firm.example", "abc.1", "采购计划 {{7*7}}", text, "zh-Hans")], server(post), NOW)
        == []
    )
    ((to, mail),) = post.got
    assert to == "ana@firm.example"
    assert mail["Subject"] == "采购计划 {{7*7}}"
    assert mail["From"] == "Guicheng <office@firm.example>"
    assert mail["Message-ID"] == "<abc.1@firm.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == text


def test_what_is_sent_again_has_the_same_id(post: Post) -> None:
    for _ in range(2):
        send([Mail("ana@firm.example", "abc.1", "s", "t")], server(post), NOW)
    assert len({mail["Message-ID"] for _, mail in post.got}) == 1


def test_a_subject_is_one_line_whatever_stands_in_it(post: Post) -> None:
    send([Mail("ana@firm.example", "k", "a\r\nBcc: eve@evil.example\r\n\r\nbody", "t")], server(post), NOW)
    ((to, mail),) = post.got
    assert (to, mail["Bcc"]) == ("ana@firm.example", None)
    assert mail["Subject"] == "a Bcc: eve@evil.example body"


@pytest.mark.parametrize(
    "address",
    ["ana", "ana@", "a b@firm.example", "ana@firm.example\r\nBcc: eve@evil.example",
     "ana@firm.example,eve@evil.example", "<ana@firm.example>", "安娜@firm.example", "",
     "ana@firm.example> RCPT TO:<eve@evil.example"],
)  # fmt: skip
def test_what_is_no_address_gets_no_mail(post: Post, address: str) -> None:
    with pytest.raises(NotUnderstood):
        send([Mail("ben@firm.example", "k.1", "s", "t"), Mail(address, "k.2", "s", "t")], server(post), NOW)
    assert post.got == []


def test_whom_the_server_does_not_know_is_told_and_the_others_get_theirs(post: Post) -> None:
    post.refuses["gone@firm.example"] = "550 nobody"
    mails = [Mail(to, f"k.{to}", "s", "t") for to in ("gone@firm.example", "ana@firm.example")]
    assert send(mails, server(post), NOW) == ["gone@firm.example"]
    assert [to for to, _ in post.got] == ["ana@firm.example"]


def test_a_server_that_cannot_now_is_asked_again(post: Post) -> None:
    post.fails = 1
    with pytest.raises(MailNotSent):
        send([Mail("ana@firm.example", "k", "s", "t")], server(post), NOW)
    post.refuses["ana@firm.example"] = "450 later"
    with pytest.raises(MailNotSent):
        send([Mail("ana@firm.example", "k", "s", "t")], server(post), NOW)
    post.refuses.clear()
    assert send([Mail("ana@firm.example", "k", "s", "t")], server(post), NOW) == []


def test_each_receiver_is_told_of_as_soon_as_it_is_settled(post: Post) -> None:
    post.refuses |= {"late@firm.example": "450 later", "gone@firm.example": "550 nobody"}
    told: list[tuple[str, bool, int]] = []
    mails = [Mail(f"{who}@firm.example", f"k.{who}", "s", "t") for who in ("ana", "late", "gone", "ben")]
    with pytest.raises(MailNotSent) as later:
        send(mails, server(post), NOW, lambda mail, taken: told.append((mail.to, taken, len(post.got))))
    # One who cannot now keeps nobody else from theirs, and is named at the end.
    assert told == [("ana@firm.example", True, 1), ("gone@firm.example", False, 1), ("ben@firm.example", True, 2)]
    assert "450" in str(later.value)


def test_what_was_taken_before_the_line_broke_was_told(post: Post) -> None:
    post.hangs_up = 2
    told: list[str] = []
    mails = [Mail(f"{who}@firm.example", f"k.{who}", "s", "t") for who in "abc"]
    with pytest.raises(MailNotSent):
        send(mails, server(post), NOW, lambda mail, taken: told.append(mail.to))
    assert told == ["a@firm.example", "b@firm.example"]


@pytest.mark.parametrize("longest", [0.05, 0.6])
def test_a_server_that_speaks_without_an_end_is_cut_off(post: Post, longest: float) -> None:
    """Each byte comes in time; all of them would take minutes."""
    post.drip = 0.1
    with pytest.raises(MailNotSent):
        send([Mail("ana@firm.example", "k", "s", "t")], replace(server(post), longest=longest), NOW)
    assert post.got == []


def test_without_a_server_there_is_no_mail() -> None:
    with pytest.raises(MailNotSetUp):
        send([Mail("ana@firm.example", "k", "s", "t")], MailServer.read("", "starttls", "", "", ""), NOW)


@pytest.mark.parametrize(
    ("host", "security", "sender"),
    [
        ("mail:port", "tls", "a@b.c"),
        ("mail", "ssl", "a@b.c"),
        ("mail", "tls", "nobody"),
        (":25", "none", "a@b.c"),
    ],
)
def test_settings_that_do_not_fit_are_told(host: str, security: str, sender: str) -> None:
    with pytest.raises(BadMailServer):
        MailServer.read(host, security, "", "", sender)


def test_a_password_goes_only_where_nobody_can_listen(post: Post) -> None:
    """A server that offers no encryption is not handed one in clear by `starttls`."""
    asked = MailServer.read(post.address, "starttls", "office", "geheim", "office@firm.example")
    with pytest.raises(MailNotSent):
        send([Mail("ana@firm.example", "k", "s", "t")], asked, NOW)
    assert post.got == []
