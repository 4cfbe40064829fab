"""Have the cloud run a command of an instance, and print the output. Run by the shims; standard library only."""

import http.client
import json
import os
import sys
from urllib.parse import urlsplit


def main(url: str, token: str, *argv: str) -> int:
    """Send the command line and the current directory; print the output; return the exit code."""
    parts = urlsplit(url)
    with open(token) as file:  # noqa: PTH123 - pathlib would double this program's start
        headers = {"Authorization": f"Bearer {file.read()}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(parts.netloc, timeout=600)
    try:
        connection.request("POST", parts.path, json.dumps({"argv": argv, "cwd": os.getcwd()}), headers)  # noqa: PTH109
        response = json.load(connection.getresponse())
    except OSError as error:
        print(f"{argv[0]}: the local cloud does not respond: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(response.get("out", ""))
    sys.stderr.write(response.get("err", response.get("message", "")))
    return int(response.get("code", 1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
