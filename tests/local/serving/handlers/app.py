"""A function whose event selects what it does."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

log = logging.getLogger()
log.setLevel(logging.INFO)
print("loaded")
count = 0


def handler(event: dict[str, Any], context: Any) -> Any:
    """Run the action `event["do"]`."""
    global count  # noqa: PLW0603 - shows that a worker is reused
    count += 1
    action = ACTIONS.get(event.get("do", "echo"), echo)
    return action(event, context)


def echo(event: dict[str, Any], context: Any) -> Any:
    return {"event": event, "count": count, "pid": os.getpid()}


def facts(event: dict[str, Any], context: Any) -> Any:
    return {
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "version": context.function_version,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "left": context.get_remaining_time_in_millis(),
        "custom": context.client_context.custom if context.client_context else None,
    }


def environment(event: dict[str, Any], context: Any) -> Any:
    return {"variables": dict(os.environ), "path": sys.path, "cwd": str(Path.cwd())}


def speak(event: dict[str, Any], context: Any) -> Any:
    print("one")
    log.info("two\nlines")
    print("three", file=sys.stderr)
    print("four", end="")


def fail(event: dict[str, Any], context: Any) -> Any:
    raise ValueError(event.get("message", "no"))


def leave(event: dict[str, Any], context: Any) -> Any:
    sys.exit(event["status"])


def vanish(event: dict[str, Any], context: Any) -> Any:
    os.kill(os.getpid(), 9)


def die_later(event: dict[str, Any], context: Any) -> Any:
    threading.Timer(0.05, os._exit, [1]).start()


def sleep(event: dict[str, Any], context: Any) -> Any:
    time.sleep(event["seconds"])
    return "slept"


def large(event: dict[str, Any], context: Any) -> Any:
    return "x" * event["size"]


def children(event: dict[str, Any], context: Any) -> Any:
    process = subprocess.Popen(["sleep", "600"])
    return [os.getpid(), process.pid]


def imported(event: dict[str, Any], context: Any) -> Any:
    return str(__import__(event["name"]).__file__)


def scratch(event: dict[str, Any], context: Any) -> Any:
    return tempfile.mkdtemp()


def note(event: dict[str, Any], context: Any) -> Any:
    """Append a line to a file, and fail if requested; it counts the attempts of an event."""
    with Path(event["file"]).open("a") as file:
        file.write("called\n")
    if event.get("fail"):
        raise RuntimeError("again")


ACTIONS = {
    "facts": facts,
    "environment": environment,
    "speak": speak,
    "fail": fail,
    "exit": leave,
    "vanish": vanish,
    "die later": die_later,
    "sleep": sleep,
    "large": large,
    "children": children,
    "import": imported,
    "scratch": scratch,
    "note": note,
}


def proxy(event: dict[str, Any], context: Any) -> Any:
    """Respond to an API: with the reply in the body if there is one, otherwise with the whole event."""
    if event.get("queryStringParameters", {}) and "sleep" in event["queryStringParameters"]:
        time.sleep(float(event["queryStringParameters"]["sleep"]))
    body = event.get("body")
    if body and body.startswith('{"reply":'):
        return json.loads(body)["reply"]
    if body == "fail":
        raise ValueError("no")
    return {"statusCode": 200, "headers": {"X-From": "function"}, "body": json.dumps(event)}
