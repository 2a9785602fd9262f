"""A request goes only where it may, within its limits, and says whose repetition it is."""

from __future__ import annotations

import datetime as dt
import socket
from decimal import Decimal
from typing import Any

import pytest

from runtime.delivery import Destinations, Request, Undeliverable, Unreached, request, requests
from runtime.delivery import destinations as places
from runtime.delivery.destinations import BadDestination
from runtime.delivery.errors import (
    BadHeader,
    HostUnknown,
    NoAnswer,
    NotAllowed,
    NotAnAddress,
    NotUnderstood,
    PrivateAddress,
    TooLarge,
    TooSlow,
)
from tests.delivery.servers import Web


def ask(web: Web, path: str = "/orders", **about: Any) -> requests.Response:
    return request(Request(web.url + path, "key-1", **about), Destinations.read(web.url))


# --- where it may go ---------------------------------------------------------------


def test_without_a_setting_a_request_goes_nowhere(web: Web) -> None:
    with pytest.raises(NotAllowed):
        request(Request(web.url, "k"), Destinations.read(""))
    with pytest.raises(NotAllowed):
        request(Request("https://example.com/", "k"), Destinations.read(" , "))
    assert web.got == []


@pytest.mark.parametrize(
    ("listed", "url", "allowed"),
    [
        ("erp.example.com", "https://erp.example.com/a?b=c", True),
        ("erp.example.com", "https://ERP.example.com./a", True),
        ("erp.example.com", "https://erp.example.com:443/a", True),
        ("erp.example.com", "http://erp.example.com/a", False),
        ("erp.example.com", "https://erp.example.com:8443/a", False),
        ("erp.example.com:8443", "https://erp.example.com:8443/a", True),
        ("http://erp.example.com:8080", "http://erp.example.com:8080/a", True),
        ("http://erp.example.com:8080", "https://erp.example.com:8080/a", False),
        ("erp.example.com", "https://evil.example.com/erp.example.com", False),
        ("erp.example.com", "https://erp.example.com.evil.com/", False),
        ("erp.example.com", "https://evil.com#erp.example.com", False),
        ("采购.example.com", "https://采购.example.com/表", True),
    ],
)
def test_scheme_host_and_port_must_be_listed(
    monkeypatch: pytest.MonkeyPatch, listed: str, url: str, allowed: bool
) -> None:
    monkeypatch.setattr(places, "resolve", lambda host, port: ["93.184.215.14"])
    if allowed:
        assert Destinations.read(listed).find(url)[1] == "93.184.215.14"
    else:
        with pytest.raises(NotAllowed):
            Destinations.read(listed).find(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://erp.example.com/", "file:///etc/passwd", "erp.example.com", "https://", "//erp.example.com",
        "https://user:pw@erp.example.com/", "https://erp.example.com@evil.com/", "https://erp.example.com/a b",
        "https://erp.example.com/\r\nHost: evil.com", "https://erp.example.com/\x00", "https:\\\\erp.example.com",
        "https://erp.example.com:99999/", "https://erp.example.com:port/", "https://[fe80::1%25eth0]/",
        "gopher://erp.example.com/", "https://" + "a" * 5000 + ".com/", "javascript:alert(1)", "https://a..b/",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(NotAnAddress):
        Destinations.read("erp.example.com").find(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_a_listed_name_that_leads_into_the_inner_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(places, "resolve", lambda host, port: [address])
    with pytest.raises(PrivateAddress):
        Destinations.read("erp.example.com").find("https://erp.example.com/")


def test_an_inner_network_that_is_listed_may_be_reached_by_a_listed_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "resolve", lambda host, port: ["10.1.2.3"])
    allowed = Destinations.read("http://erp.inner:8080, 10.1.0.0/16")
    assert allowed.find("http://erp.inner:8080/x")[1] == "10.1.2.3"
    monkeypatch.setattr(places, "resolve", lambda host, port: ["10.2.2.3"])
    with pytest.raises(PrivateAddress):
        allowed.find("http://erp.inner:8080/x")
    # To be in the network is not to be listed.
    with pytest.raises(NotAllowed):
        allowed.find("http://10.1.2.3:8080/x")


def test_of_several_addresses_only_one_that_may_be_reached_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "resolve", lambda host, port: ["169.254.169.254", "93.184.215.14"])
    assert Destinations.read("a.example").find("https://a.example/")[1] == "93.184.215.14"


def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, web: Web
) -> None:
    """A name that is asked for again might have another address by then."""
    port = web.server.server_address[1]
    asked: list[tuple[str, int]] = []

    def resolve(host: str, at: int) -> list[str]:
        asked.append((host, at))
        return ["127.0.0.1"]

    monkeypatch.setattr(places, "resolve", resolve)
    monkeypatch.setattr(socket, "gethostbyname", lambda host: pytest.fail("asked again"))
    allowed = Destinations.read(f"http://inner.example:{port}, 127.0.0.0/8")
    assert request(Request(f"http://inner.example:{port}/x", "k"), allowed).status == 200
    assert asked == [("inner.example", port)]
    assert web.got[0]["headers"]["host"] == f"inner.example:{port}"


def test_a_redirect_is_an_answer_and_is_not_followed(web: Web) -> None:
    web.answer = lambda number: (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")
    answer = ask(web)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")
    assert len(web.got) == 1


@pytest.mark.parametrize(
    "entry", ["ftp://a.example", "a.example/path", "http://", "a b", "https://u:p@a.example"]
)
def test_a_setting_that_names_no_host_is_told(entry: str) -> None:
    with pytest.raises(BadDestination):
        Destinations.read(entry)


def test_a_host_that_nobody_knows_is_worth_another_try() -> None:
    with pytest.raises(HostUnknown) as unknown:
        Destinations.read("nobody.invalid").find("https://nobody.invalid/")
    assert isinstance(unknown.value, Unreached)


# --- what is sent ------------------------------------------------------------------


def test_what_is_sent_and_what_comes_back(web: Web) -> None:
    web.answer = lambda number: (
        201,
        {"Content-Type": "application/json; charset=utf-8", "X-Trace": "7"},
        b'{"number": "PO-7", "total": 10.10, "lines": [1, null], "$date": "x"}',
    )
    body = {
        "total": Decimal("19.90"), "day": dt.date(2026, 1, 31), "名": "采购", "many": 10**18, "lines": [True, None],
        "exact": Decimal("0.1234567890123456789"), "at": dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC),
    }  # fmt: skip
    answer = ask(web, "/orders?q=采购", method="POST", headers={"X-Shop": "7"}, body=body)
    (got,) = web.got
    assert (got["method"], got["path"]) == ("POST", "/orders?q=%E9%87%87%E8%B4%AD")
    assert got["headers"]["idempotency-key"] == "key-1"
    assert got["headers"]["content-type"] == "application/json"
    assert got["headers"]["x-shop"] == "7"
    assert got["body"].decode() == (
        '{"total":19.90,"day":"2026-01-31","名":"采购","many":1000000000000000000,"lines":[true,null],'
        '"exact":0.1234567890123456789,"at":"2026-01-31T08:00:00Z"}'
    )
    assert answer.status == 201
    assert answer.headers["x-trace"] == "7"
    assert answer.body == {"number": "PO-7", "total": Decimal("10.10"), "lines": [1, None], "$date": "x"}


def test_text_comes_back_as_text_and_nothing_as_nothing(web: Web) -> None:
    web.answer = lambda number: (200, {"Content-Type": "text/plain"}, "好".encode())
    assert ask(web).body == "好"
    web.answer = lambda number: (204, {}, b"")
    assert ask(web, method="DELETE").body is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("X-A", "a\r\nX-B: c"), ("X-A", "a\nb"), ("X-A", "a\0"), ("X-A\r\nX-B", "a"), ("X A", "a"), ("", "a"),
        ("X-A", "好"), ("Host", "evil.com"), ("content-length", "5"), ("Transfer-Encoding", "chunked"),
        ("Idempotency-Key", "mine"), ("Proxy-Authorization", "x"), ("X-A", 7), ("X-A", "a" * 5000),
    ],
)  # fmt: skip
def test_a_header_that_would_be_more_than_one_is_refused_without_its_text(
    web: Web, name: str, text: Any
) -> None:
    with pytest.raises(BadHeader) as refused:
        ask(web, headers={name: text})
    assert web.got == []
    if len(str(text)) > 3:
        assert str(text) not in str(refused.value)


# --- limits ------------------------------------------------------------------------


@pytest.mark.parametrize("slow", ["delay", "drip"])
def test_whoever_is_slow_is_cut_off(web: Web, slow: str) -> None:
    web.answer = lambda number: (200, {}, b"x" * 1000)
    setattr(web, slow, 30.0 if slow == "delay" else 0.05)
    with pytest.raises(TooSlow) as late:
        ask(web, seconds=0.3)
    assert isinstance(late.value, Unreached)
    assert web.dripped < 1000  # to its end nobody listened


def test_an_answer_that_is_too_large_is_refused(web: Web) -> None:
    web.answer = lambda number: (200, {}, b"x" * (requests.LARGEST + 1))
    with pytest.raises(TooLarge) as large:
        ask(web)
    assert isinstance(large.value, Undeliverable)
    with pytest.raises(TooLarge):
        ask(web, method="POST", body="x" * (requests.LARGEST + 1))


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[1e999999999999999999999]", b"[" * 100_000, b'"\xff"'])
def test_json_that_is_none_is_told(web: Web, body: bytes) -> None:
    web.answer = lambda number: (200, {"Content-Type": "application/json"}, body)
    with pytest.raises(NotUnderstood):
        ask(web)


def test_nobody_there_is_worth_another_try() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NoAnswer):
        request(Request(url, "k"), Destinations.read(url))


def test_a_certificate_of_nobody_is_not_believed(web: Web) -> None:
    """It speaks no TLS at all, so nothing was sent that anybody could read."""
    url = web.url.replace("http://", "https://")
    with pytest.raises((NoAnswer, TooSlow)):
        request(Request(url, "k", headers={"Authorization": "secret"}, seconds=5), Destinations.read(url))
    assert web.got == []
