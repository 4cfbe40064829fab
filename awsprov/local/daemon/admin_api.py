"""The cloud's own API under `/_awsprov/`: set faults, count calls, change quotas and durations.

Instances call it for the commands that need the cloud's records, each with its own token.
"""

import dataclasses
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from awsprov.local.behaviour import states
from awsprov.local.cloud import ADMIN_PATH, INSTANCES_PATH
from awsprov.local.daemon.control_plane import ControlPlane
from awsprov.local.daemon.faults import Fault
from awsprov.local.ec2 import instance_commands
from awsprov.local.ec2.instances import Instances
from awsprov.local.lambda_ import egress, registry
from awsprov.local.wire import read_body, send_response


class AdminApi:
    """The WSGI application for the cloud's own API, which responds in JSON."""

    def __init__(self, control: ControlPlane, instances: Instances) -> None:
        self._control, self._instances = control, instances
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "ping"): lambda _: {"pid": os.getpid(), "directory": str(control.cloud.directory)},
            ("GET", "calls"): lambda _: {"calls": list(control.calls)},
            ("GET", "spans"): lambda _: {"spans": list(control.spans)},
            ("DELETE", "calls"): lambda _: control.clear_calls(),
            ("GET", "authorization-requests"): lambda _: {"requests": _authorization_requests(control)},
            ("POST", "trials"): lambda body: _start_trial(control, **body),
            ("DELETE", "trials"): lambda body: _end_trial(control, **body),
            ("GET", "namespaces"): lambda _: {"forbidden": egress.reason_forbidden()},
            ("POST", "recordings"): lambda body: egress.start(**body),
            ("GET", "recordings"): lambda body: egress.document(**body),
            ("DELETE", "recordings"): lambda body: egress.end(**body),
            ("GET", "faults"): lambda _: {"faults": control.faults.list()},
            ("POST", "faults"): lambda body: control.faults.add(Fault(**body)),
            ("DELETE", "faults"): lambda _: control.faults.clear(),
            ("POST", "quotas"): control.behaviour.quotas.update,
            ("POST", "durations"): states.set_durations,
            ("GET", "durations"): lambda _: {each.subject: each.seconds for each in states.DURATIONS},
            ("GET", "quotas"): lambda _: control.behaviour.quotas,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request of the admin API."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        try:
            body = json.loads(read_body(environ) or b"{}")
            if path.startswith(INSTANCES_PATH):
                return self._command(path.removeprefix(INSTANCES_PATH), environ, body, start_response)
            handle = self._routes.get((method, path.removeprefix(ADMIN_PATH)))
            if handle is None:
                return _send_json("404 Not Found", {"message": f"{method} {path} does not exist."}, start_response)
            return _send_json("200 OK", handle(body) or {}, start_response)
        except (TypeError, ValueError, OSError) as error:
            return _send_json("400 Bad Request", {"message": str(error)}, start_response)

    def _command(
        self, instance_id: str, environ: WSGIEnvironment, body: Any, start_response: StartResponse
    ) -> Iterable[bytes]:
        instance = self._instances.get(instance_id)
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        if instance is None or not secrets.compare_digest(token.encode(), instance.token.encode()):
            return _send_json("403 Forbidden", {"message": "The token is not that of the instance."}, start_response)
        output = instance_commands.run(instance, [str(word) for word in body["argv"]], Path(body["cwd"]))
        return _send_json("200 OK", dataclasses.asdict(output), start_response)


def _authorization_requests(control: ControlPlane) -> list[dict[str, Any]]:
    """Return the authorization requests that were evaluated, each with its caller and the result."""
    return [dataclasses.asdict(each) for each in list(control.authorizer.requests)]


def _start_trial(control: ControlPlane, function: str, statements: list[Any], seconds: float) -> None:
    """Let the code of a function do what the statements say, and nothing else; its next instances are new ones."""
    from awsprov.local.iam.authorizer import Trial  # it reads AWS's large table of actions

    control.authorizer.trials[function] = Trial(statements, time.monotonic() + seconds)
    control.authorizer.requests.clear()
    _retire(function)


def _end_trial(control: ControlPlane, function: str) -> None:
    """Give a function the permissions of its role again."""
    control.authorizer.trials.pop(function, None)
    _retire(function)


def _retire(function: str) -> None:
    registry.invocations().pool.retire(lambda config: config.function_arn == function)


def _send_json(status: str, document: Any, start_response: StartResponse) -> Iterable[bytes]:
    return send_response(status, [("Content-Type", "application/json")], json.dumps(document).encode(), start_response)
