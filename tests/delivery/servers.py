"""An HTTP and an SMTP server in the test's own process, which do what a test tells them and note what they got."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Gets the number of the request, from 1; gives status, headers and body.
Answer = Callable[[int], tuple[int, dict[str, str], bytes]]


class Web:
    """`got`: what was asked, in order, each with method, path, headers and body."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answer: Answer = lambda number: (200, {"Content-Type": "application/json"}, b'{"ok": true}')
        self.delay = 0.0
        self.drip = 0.0  # seconds between the bytes of the body
        self.dripped = 0  # bytes of it that found somebody who still listened
        self.stopped = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                web.got.append(
                    {
                        "method": self.command,
                        "path": self.path,
                        "headers": {name.lower(): text for name, text in self.headers.items()},
                        "body": self.rfile.read(length),
                    }
                )
                web.stopped.wait(web.delay)
                status, headers, body = web.answer(len(web.got))
                try:
                    self.send_response(status)
                    for name, text in headers.items():
                        self.send_header(name, text)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if web.drip:
                        for at in range(len(body)):
                            self.wfile.write(body[at : at + 1])
                            web.dripped = at + 1
                            if web.stopped.wait(web.drip):
                                return
                    else:
                        self.wfile.write(body)
                except OSError:
                    pass  # whoever asked has hung up

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def keys(self) -> list[str]:
        return [asked["headers"]["idempotency-key"] for asked in self.got]

    def json(self, number: int = -1) -> Any:
        return json.loads(self.got[number]["body"])


class Post:
    """An SMTP server. `refuses`: an address → the answer to it; `fails`: how many connections to turn away;
    `hangs_up`: after so many mails of a connection; `took`: is told of each receiver before the answer; `drip`:
    seconds between the bytes of each answer."""

    def __init__(self) -> None:
        self.got: list[tuple[str, EmailMessage]] = []  # receiver, mail
        self.refuses: dict[str, str] = {}
        self.fails = 0
        self.hangs_up = 1_000_000
        self.took: Callable[[str], object] = lambda to: None
        self.drip = 0.0
        post = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                for at in range(len(line)) if post.drip else ():
                    self.wfile.write(line[at : at + 1].encode())
                    time.sleep(post.drip)
                self.wfile.write((b"" if post.drip else line.encode()) + b"\r\n")

            def handle(self) -> None:
                with suppress(OSError):
                    self.converse()

            def converse(self) -> None:
                taken = 0
                if post.fails:
                    post.fails -= 1
                    self.say("421 too busy")
                    return
                self.say("220 post")
                to = ""
                while line := self.rfile.readline().decode():
                    verb = line.strip().upper()
                    if verb.startswith(("EHLO", "HELO", "MAIL", "RSET", "NOOP")):
                        self.say("250 fine")
                    elif verb.startswith("RCPT"):
                        to = line.partition("<")[2].partition(">")[0]
                        self.say(post.refuses.get(to, "250 fine"))
                    elif verb == "DATA":
                        self.say("354 go on")
                        text = b""
                        while (piece := self.rfile.readline()) != b".\r\n":
                            text += piece.removeprefix(b".") if piece.startswith(b"..") else piece
                        made = email.message_from_bytes(text, policy=email.policy.default)
                        post.got.append((to, made))  # type: ignore[arg-type]
                        post.took(to)
                        self.say("250 taken")
                        taken += 1
                        if taken == post.hangs_up:
                            return
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 no")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def running(server: Web | Post) -> Iterator[None]:
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        if isinstance(server, Web):
            server.stopped.set()
        server.server.shutdown()
        server.server.server_close()
        thread.join(5)
