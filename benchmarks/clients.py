"""Clients that each send one request after the other over a connection of their own; prints JSON.

`python -m benchmarks.clients PORT PATH BODY CLIENTS SECONDS REQUESTS`; of the last two, one is 0.
"""

import json
import socket
import sys
import threading
import time


def main(port: int, path: str, body: str, *, clients: int, seconds: float, requests: int) -> None:
    """Send for so long, or so many, and say how many that were in which time."""
    content = body.encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
    counts = [0] * clients
    began = time.monotonic()

    def send(which: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
            while counts[which] < requests / clients or time.monotonic() - began < seconds:
                connection.sendall(request)
                status, length = answers.readline(), 0
                while (line := answers.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                answers.read(length)
                if b" 200 " not in status:
                    sys.exit(f"the front answered {status!r}")
                counts[which] += 1

    threads = [threading.Thread(target=send, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"requests": sum(counts), "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    where, load = sys.argv[1:4], sys.argv[4:]
    main(int(where[0]), *where[1:], clients=int(load[0]), seconds=float(load[1]), requests=int(load[2]))
