"""Another system that cases call: notes the key of each request before it answers, and does not always answer.

    python receiver.py PORT FILE

A process of its own, with nothing of the runtime. Of ten requests one is answered 503, one is cut off without an
answer after it was noted, and some are slow, so that workers are killed while they wait."""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main(port: int, file: str) -> None:
    noted = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    lock, count = threading.Lock(), [0]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            with lock:
                count[0] += 1
                number = count[0] % 10
                row = {"key": self.headers["Idempotency-Key"], "body": body, "answer": 503 if number == 3 else 200}
                # One write: a line is there whole or not at all.
                os.write(noted, (json.dumps(row) + "\n").encode())
            if number == 7:
                self.close_connection = True
                return
            if number % 4 == 1:
                time.sleep(0.3)
            self.send_response(row["answer"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
