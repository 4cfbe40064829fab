"""The cloud's own API under `/_awsprov/`, beside that of AWS: faults to set, calls to count, quotas to change.

Machines ask here too, for the commands that need the cloud's records; each with the token that it alone has.
"""

import dataclasses
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from awsprov.local.behaviour import states
from awsprov.local.cloud import ADMIN_PATH, INSTANCES_PATH
from awsprov.local.daemon.control_plane import Control
from awsprov.local.daemon.faults import Fault
from awsprov.local.ec2 import instance_commands
from awsprov.local.ec2.instances import Instances
from awsprov.local.wire import read_body, send_response


class AdminApi:
    """The WSGI application for that API. What it answers is JSON."""

    def __init__(self, control: Control, instances: Instances) -> None:
        self._control, self._instances = control, instances
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "ping"): lambda _: {"pid": os.getpid(), "directory": str(control.cloud.directory)},
            ("GET", "calls"): lambda _: {"calls": list(control.calls)},
            ("GET", "spans"): lambda _: {"spans": list(control.spans)},
            ("DELETE", "calls"): lambda _: control.forget(),
            ("GET", "authorization-requests"): lambda _: {"requests": _plain(control)},
            ("GET", "faults"): lambda _: {"faults": control.faults.list()},
            ("POST", "faults"): lambda body: control.faults.add(Fault(**body)),
            ("DELETE", "faults"): lambda _: control.faults.clear(),
            ("POST", "quotas"): control.behaviour.quotas.update,
            ("POST", "durations"): states.set_durations,
            ("GET", "durations"): lambda _: {each.subject: each.seconds for each in states.DURATIONS},
            ("GET", "quotas"): lambda _: control.behaviour.quotas,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        try:
            body = json.loads(read_body(environ) or b"{}")
            if path.startswith(INSTANCES_PATH):
                return self._command(path.removeprefix(INSTANCES_PATH), environ, body, start_response)
            act = self._routes.get((method, path.removeprefix(ADMIN_PATH)))
            if act is None:
                return _say("404 Not Found", {"message": f"There is no {method} {path}."}, start_response)
            return _say("200 OK", act(body) or {}, start_response)
        except (TypeError, ValueError, OSError) as error:
            return _say("400 Bad Request", {"message": str(error)}, start_response)

    def _command(
        self, instance_id: str, environ: WSGIEnvironment, body: Any, start_response: StartResponse
    ) -> Iterable[bytes]:
        instance = self._instances.get(instance_id)
        given = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if instance is None or not secrets.compare_digest(given.encode(), instance.token.encode()):
            return _say("403 Forbidden", {"message": "The token is not that of the instance."}, start_response)
        said = instance_commands.run(instance, [str(word) for word in body["argv"]], Path(body["cwd"]))
        return _say("200 OK", dataclasses.asdict(said), start_response)


def _plain(control: Control) -> list[dict[str, Any]]:
    """What was judged under `--enforce-iam`."""
    judged = control.authorization.requests if control.authorization else ()
    return [dataclasses.asdict(demand) for demand in judged]


def _say(status: str, document: Any, start_response: StartResponse) -> Iterable[bytes]:
    return send_response(status, [("Content-Type", "application/json")], json.dumps(document).encode(), start_response)
