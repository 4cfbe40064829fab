"""What the page shows: the stack as it stands, its picture and its event log; and requests to its functions."""

import threading
import time
from pathlib import Path
from typing import Any

from awsprov.aws import invocation
from awsprov.aws.client import Aws
from awsprov.aws.errors import explain
from awsprov.aws.log_query import Query, log_events, milliseconds_ago
from awsprov.config.models import Config
from awsprov.diagram.model import diagram, resource_states
from awsprov.diagram.svg import svg
from awsprov.engine.discovery import Discovery
from awsprov.engine.event_log import latest, under_way
from awsprov.engine.resource import AREAS, Resource
from awsprov.engine.results import raise_first_error
from awsprov.engine.state import StackKey, State, is_paused
from awsprov.errors import UsageError
from awsprov.operations import endpoints
from awsprov.operations.function_health import Health, health
from awsprov.pricing.estimate import cost_summary
from awsprov.resources.function.function import Function
from awsprov.resources.function.versions import LIVE, Alias
from awsprov.stack.declaration import declare_stack

_EVENTS = 200  # that are shown
_REST = 4.0  # a look takes so many times its own duration before the next: it must not be all that the cloud does
_SOONEST = 2.0  # seconds between two looks


class View:
    """A stack, looked at as often as it is asked for, but not oftener than the cloud can bear.

    Arguments:
        config: what is asked for.
        aws: the clients.
        state_path: where the stack is written down.
        event_log: where it is kept what runs did to it.
    """

    def __init__(self, config: Config, aws: Aws, state_path: Path, event_log: Path) -> None:
        self.config, self.aws, self.state_path, self.event_log = config, aws, state_path, event_log
        self.picture = ""
        self._stack, self._seen, self._due = declare_stack(config, "0.0.0.0/0"), dict[str, Any](), 0.0
        self._looking = threading.Lock()

    def document(self) -> dict[str, Any]:
        """All that the page shows, for JSON. What cannot be seen now is told by `error`, beside what was seen last."""
        happened = latest(self.event_log, _EVENTS)
        with self._looking:
            if time.monotonic() >= self._due:
                self._look(under_way(happened))
            return {**self._seen, "events": happened}

    def _look(self, steps: dict[str, str]) -> None:
        began = time.monotonic()
        try:
            self._seen = self._found(steps)
        except Exception as error:
            known = explain(error)
            self._seen["error"] = f"{known.what} {known.why}".strip() if known else f"{type(error).__name__}: {error}"
        self._due = time.monotonic() + max(_SOONEST, _REST * (time.monotonic() - began))

    def _found(self, steps: dict[str, str]) -> dict[str, Any]:
        """A look at everything, with nothing believed from the last one."""
        self.aws.clear_cache()
        config = self.config.model_copy(update={"paused": is_paused(self.state_path)})
        state = State(self.state_path, StackKey(config.stack, self.aws.account, self.aws.region))
        built = not config.builder.is_permanent and state.has_id(config.environment.name)
        stack = declare_stack(config, "0.0.0.0/0", built=built)  # who may open SSH is not compared
        survey = Discovery(stack, state, self.aws)
        raise_first_error(survey.walk(stack.graph(), lambda r: self._find(r, survey)))
        states = {**resource_states(stack, self.aws), **steps}
        self._stack, self.picture = stack, svg(diagram(stack, config, states))
        tangible = sorted((r for r in stack if not r.virtual), key=lambda r: AREAS.index(r.area))
        return {
            "stack": config.stack,
            "where": self.aws.endpoint or config.region,
            "paused": config.paused,
            "at": time.time(),
            "resources": [_resource(r, states) for r in tangible],
            "functions": self._functions(config),
            "cost": cost_summary(stack.living, config.region, config.state_dir),
        }

    def _find(self, r: Resource, survey: Discovery) -> None:
        """Its id. What another run is about to make is not waited for: the next look sees it."""
        survey.restore(r)
        r.id = r.find(self.aws)

    def _functions(self, config: Config) -> list[dict[str, Any]]:
        """How each function is, where it answers, and what may be sent to it."""
        how = health(self.aws, [alias for alias in self._stack.of(Alias) if alias.id])
        routes = endpoints.list_endpoints(self._stack, self.aws, config)
        return [
            {
                "name": name,
                **(_health(how[name]) if name in how else {"state": "not there yet", "sound": False}),
                "routes": [_route(route) for route in routes if route.function == name],
                "sample": asked.smoke.payload.decode() if asked.smoke else "{}",
            }
            for name, asked in config.functions.items()
        ]

    def ask(self, name: str, route: str, payload: str) -> dict[str, Any]:
        """Send a request to a function; through its API when a route is named, through Lambda otherwise.

        Raises:
            UsageError: there is no such function or route, or the payload is no JSON.
        """
        function = next((f for f in self._stack.of(Function) if f.name == name and f.id), None)
        if function is None:
            raise UsageError(f"There is no function {name!r}.")
        if payload and invocation.parse_json(payload) is None and payload.strip() != "null":
            raise UsageError("The request is not JSON.")
        began, moment = time.monotonic(), milliseconds_ago(0)
        answer = self._over_api(function, route, payload) if route else self._through_lambda(function, payload)
        answer["seconds"] = round(time.monotonic() - began, 2)
        return {"log": self._logged(function, moment), **answer}

    def _through_lambda(self, function: Function, payload: str) -> dict[str, Any]:
        reply = invocation.invoke(self.aws, function.id, LIVE, (payload or "{}").encode())
        status = reply.error or "answered"
        return {"sound": not reply.error, "status": f"{status} by version {reply.version}",
                "body": reply.payload.decode(errors="replace"), "log": reply.log}  # fmt: skip

    def _over_api(self, function: Function, route: str, payload: str) -> dict[str, Any]:
        every = endpoints.list_endpoints(self._stack, self.aws, self.config)
        chosen = endpoints.find_endpoint(every, function.name, route)
        answer = endpoints.send_request(chosen, payload.encode(), self._stack, self.aws, self.config)
        return {"sound": answer.status < 400, "status": f"HTTP {answer.status}",  # noqa: PLR2004 - HTTP's own line
                "body": answer.body.decode(errors="replace")}  # fmt: skip

    def _logged(self, function: Function, since: int) -> str:
        """What the function has logged since then, in milliseconds since the epoch."""
        group = function.log_group.id
        return "".join(event["message"] for event in log_events(self.aws, group, Query(since))) if group else ""


def _resource(r: Resource, states: dict[str, str]) -> dict[str, str]:
    return {"name": r.name, "type": r.type, "area": r.area, "id": r.id, "state": states.get(r.name, "")}


def _route(route: endpoints.Endpoint) -> dict[str, Any]:
    return {"route": f"{route.method} {route.path}", "url": route.url, "callable": "{" not in route.path}


def _health(seen: Health) -> dict[str, Any]:
    about = {"version": seen.version, "published": seen.published, "state": seen.state.lower(), "sound": seen.sound}
    failures = [{"at": failure.at.timestamp(), "line": failure.line} for failure in seen.failures[-3:]]
    return {**about, "reason": seen.reason, "failures": failures}
