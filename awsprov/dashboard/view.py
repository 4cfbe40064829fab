"""The content of the dashboard: resources, functions, diagram and events of a stack; and requests to its functions."""

import threading
import time
from dataclasses import asdict
from typing import Any

from awsprov.aws import invocation
from awsprov.aws.errors import explain
from awsprov.aws.log_query import Query, log_events, milliseconds_ago
from awsprov.diagram.model import diagram, resource_states
from awsprov.diagram.svg import svg
from awsprov.engine.discovery import Discovery
from awsprov.engine.event_log import latest, under_way
from awsprov.engine.resource import AREAS, Resource
from awsprov.engine.results import raise_first_error
from awsprov.errors import UsageError
from awsprov.operations import endpoints
from awsprov.operations.function_health import Health, health
from awsprov.pricing.estimate import cost_summary
from awsprov.project.project import Project
from awsprov.resources.function.alias import LIVE
from awsprov.resources.function.function import Function

_EVENTS = 200  # shown on the page
_REST = 4.0  # pause between two refreshes, as a multiple of the last one's duration: the cloud has other work
_SOONEST = 2.0  # seconds between two refreshes, at least


class View:
    """A stack for the dashboard: read again at each request, but not more often than the cloud can answer.

    Arguments:
        project: the project whose stack is shown.
    """

    def __init__(self, project: Project) -> None:
        self.project, self.aws = project, project.aws
        self.picture = ""
        self._found, self._due = dict[str, Any](), 0.0
        self._looking = threading.Lock()

    def document(self) -> dict[str, Any]:
        """Return what the page shows. If AWS cannot be called, `error` has the reason, beside the last values."""
        happened = latest(self.project.event_log, _EVENTS)
        with self._looking:
            if time.monotonic() >= self._due:
                self._try_refresh(under_way(happened))
            return {**self._found, "events": [asdict(event) for event in happened]}

    def _try_refresh(self, steps: dict[str, str]) -> None:
        began = time.monotonic()
        try:
            self._found = self._refresh(steps)
        except Exception as error:
            known = explain(error)
            text = f"{known.what} {known.why}".strip() if known else f"{type(error).__name__}: {error}"
            self._found["error"] = self.project.location.complete(text)
        self._due = time.monotonic() + max(_SOONEST, _REST * (time.monotonic() - began))

    def _refresh(self, steps: dict[str, str]) -> dict[str, Any]:
        """Find every resource again, with nothing remembered from the last time."""
        self.project.reload()
        config, stack = self.project.config, self.project.stack
        survey = Discovery(stack, self.project.state, self.aws)
        raise_first_error(survey.walk(stack.graph(), lambda r: self._find(r, survey)))
        states = {**resource_states(stack, self.aws), **steps}
        self.picture = svg(diagram(stack, config, states))
        tangible = sorted((r for r in stack if not r.virtual), key=lambda r: AREAS.index(r.area))
        return {
            "stack": config.stack,
            "where": self.project.where,
            "paused": config.paused,
            "at": time.time(),
            "resources": [_resource(r, states) for r in tangible],
            "functions": self._functions(),
            "cost": cost_summary(stack.present, config.region, config.state_dir),
        }

    def _find(self, r: Resource, survey: Discovery) -> None:
        """Find a resource. One that another run is creating is not waited for: the next refresh shows it."""
        survey.restore(r)
        r.id = r.find(self.aws)

    def _functions(self) -> list[dict[str, Any]]:
        """Return the health of each function, its routes, and a sample request."""
        config, stack = self.project.config, self.project.stack
        how = health(stack, self.aws)
        routes = endpoints.list_endpoints(stack, self.aws, config)
        return [
            {
                "name": name,
                **(_health(how[name]) if name in how else {"state": "missing", "healthy": False}),
                "routes": [_route(route) for route in routes if route.function == name],
                "sample": asked.smoke.payload.decode() if asked.smoke else "{}",
            }
            for name, asked in config.functions.items()
        ]

    def ask(self, name: str, route: str, payload: str) -> dict[str, Any]:
        """Send a request to a function; through its API when a route is named, through Lambda otherwise.

        Raises:
            UsageError: there is no such function or route, or the payload is not JSON.
        """
        function = next((f for f in self.project.stack.of(Function) if f.name == name and f.id), None)
        if function is None:
            raise UsageError(f"Function {name!r} does not exist.")
        if payload and invocation.parse_json(payload) is None and payload.strip() != "null":
            raise UsageError("The request is not JSON.")
        began, moment = time.monotonic(), milliseconds_ago(0)
        response = self._over_api(function, route, payload) if route else self._through_lambda(function, payload)
        response["seconds"] = round(time.monotonic() - began, 2)
        return {"log": self._logged(function, moment), **response}

    def _through_lambda(self, function: Function, payload: str) -> dict[str, Any]:
        reply = invocation.invoke(self.aws, function.id, LIVE, (payload or "{}").encode())
        status = reply.error or "answered"
        return {"succeeded": not reply.error, "status": f"{status} by version {reply.version}",
                "body": reply.payload.decode(errors="replace"), "log": reply.log}  # fmt: skip

    def _over_api(self, function: Function, route: str, payload: str) -> dict[str, Any]:
        every = endpoints.list_endpoints(self.project.stack, self.aws, self.project.config)
        chosen = endpoints.find_endpoint(every, function.name, route)
        response = endpoints.send_request(chosen, payload.encode(), self.project.stack, self.aws, self.project.config)
        return {"succeeded": response.status < 400, "status": f"HTTP {response.status}",  # noqa: PLR2004 - HTTP's own line
                "body": response.body.decode(errors="replace")}  # fmt: skip

    def _logged(self, function: Function, since: int) -> str:
        """Return what the function has logged since a time in milliseconds since the epoch."""
        group = function.log_group.id
        return "".join(event["message"] for event in log_events(self.aws, group, Query(since))) if group else ""


def _resource(r: Resource, states: dict[str, str]) -> dict[str, str]:
    return {"name": r.name, "type": r.type, "area": r.area, "id": r.id, "state": states.get(r.name, "")}


def _route(route: endpoints.Endpoint) -> dict[str, Any]:
    return {"route": str(route), "url": route.url, "callable": "{" not in route.path}


def _health(found: Health) -> dict[str, Any]:
    about = {
        "version": found.version,
        "published": found.published,
        "state": found.state.lower(),
        "healthy": found.healthy,
    }
    lines = [(failure.at, failure.error) for failure in found.failures[-3:]]
    lines += [(each.at, f"HTTP {each.status} from {each.request}") for each in found.api_failures[-3:]]
    failures = [{"at": at.timestamp(), "line": line} for at, line in lines]
    return {**about, "reason": found.reason, "failures": failures}
