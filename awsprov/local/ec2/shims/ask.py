"""Ask the cloud to carry out a command of a machine, and show what it says. Run by the shims, standard library only."""

import http.client
import json
import os
import sys
from urllib.parse import urlsplit


def main(url: str, token: str, *argv: str) -> int:
    """Send the command line and the directory; print the answer; return its exit code."""
    parts = urlsplit(url)
    with open(token) as file:  # noqa: PTH123 - pathlib would double this program's start
        headers = {"Authorization": f"Bearer {file.read()}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(parts.netloc, timeout=600)
    try:
        connection.request("POST", parts.path, json.dumps({"argv": argv, "cwd": os.getcwd()}), headers)  # noqa: PTH109
        said = json.load(connection.getresponse())
    except OSError as error:
        print(f"{argv[0]}: the cloud that this machine is part of does not answer: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(said.get("out", ""))
    sys.stderr.write(said.get("err", said.get("message", "")))
    return int(said.get("code", 1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
