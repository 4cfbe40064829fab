"""Clients that each send one request after the other over a connection of their own; prints JSON.

`python -m benchmarks.clients PORT PATH BODY CLIENTS SECONDS REQUESTS [HEADER …]`; of SECONDS and REQUESTS, one is 0.
"""

import json
import socket
import sys
import threading
import time
from typing import BinaryIO


def main(port: int, path: str, body: str, headers: list[str], *, clients: int, seconds: float, requests: int) -> None:
    """Send requests for a duration or up to a number; print how many were sent, and the seconds."""
    content = body.encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(content)}", *headers]
    request = "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + content
    counts = [0] * clients
    began = time.monotonic()

    def send(which: int) -> None:
        while counts[which] < requests / clients or time.monotonic() - began < seconds:
            with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as responses:
                is_open = True
                while is_open and (counts[which] < requests / clients or time.monotonic() - began < seconds):
                    connection.sendall(request)
                    is_open = _read(responses)
                    counts[which] += 1

    threads = [threading.Thread(target=send, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"requests": sum(counts), "seconds": time.monotonic() - began}))


def _read(responses: BinaryIO) -> bool:
    """Read a response; return whether the server keeps the connection open."""
    status, length, is_open = responses.readline(), 0, True
    if b" 200 " not in status:
        sys.exit(f"the server answered {status!r}")
    while (line := responses.readline().lower()) != b"\r\n":
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        is_open = is_open and line.split() != [b"connection:", b"close"]
    responses.read(length)
    return is_open


if __name__ == "__main__":
    (where, url_path, content), load, lines = sys.argv[1:4], sys.argv[4:7], sys.argv[7:]
    main(int(where), url_path, content, lines, clients=int(load[0]), seconds=float(load[1]), requests=int(load[2]))
