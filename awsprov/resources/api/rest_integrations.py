"""The integrations of a REST API with a function: Lambda proxy integrations, and custom ones for plain dictionaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from awsprov.engine.resource import Values

JSON = "application/json"
TEXT: Literal["CONVERT_TO_TEXT"] = "CONVERT_TO_TEXT"  # of an empty body, which is binary for the API
DEFAULT_TIMEOUT = 29  # seconds (API Gateway quotas)
_ORIGIN = "Access-Control-Allow-Origin"
_END = r"(?![\s\S])"  # `$` also matches before a line break at the end, in Java as in Python
_MESSAGE = '{"message": $input.json("$.errorMessage")}'
_INTERNAL = '{"message": "Internal server error"}'  # the message of API Gateway itself, without a traceback


@dataclass(frozen=True)
class ProxyIntegration:
    """A Lambda proxy integration: the function gets HTTP requests and returns HTTP responses.

    Arguments:
        timeout: how many seconds API Gateway waits for the function.
    """

    timeout: int = DEFAULT_TIMEOUT

    def settings(self) -> Values:
        """Return its settings, as `integration_settings` does."""
        return {
            "type": "AWS_PROXY",
            "timeout": self.timeout,
            "passthrough": "WHEN_NO_MATCH",
            "templates": {},
            "content": "",
        }

    def responses(self) -> Values:
        """Return the responses by status, as `responses_of` does: those of the function are passed on as they are."""
        return {}


@dataclass(frozen=True)
class BodyIntegration(ProxyIntegration):
    """A Lambda custom integration: the event is the JSON body or what `event` maps, the result is the JSON response.

    Arguments:
        timeout: how many seconds API Gateway waits for the function.
        errors: patterns for the message of an error, or names of exceptions, by HTTP status.
        event: the fields of the event with their sources; empty for the body.
        origin: the origin whose pages may read responses (CORS); None for none.
    """

    errors: Mapping[int, str | list[str]] = field(default_factory=dict)
    event: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None

    def settings(self) -> Values:
        if not self.event:  # a body of any media type; API Gateway refuses one that is not JSON
            return {**super().settings(), "type": "AWS"}
        templates = {JSON: event_template(self.event)}
        return {**super().settings(), "type": "AWS", "passthrough": "NEVER", "templates": templates}

    def responses(self) -> Values:
        patterns = {str(status): pattern_of(match) for status, match in self.errors.items()}
        return {
            "200": self._response("", ""),
            **{status: self._response(pattern, _MESSAGE) for status, pattern in patterns.items()},
            "500": self._response(other_errors(patterns.values()), _INTERNAL),
        }

    def _response(self, pattern: str, template: str) -> Values:
        name = f"method.response.header.{_ORIGIN}"
        headers = {name: f"'{self.origin}'"} if self.origin else {}
        return {"pattern": pattern, "headers": headers, "template": template, "declared": sorted(headers)}


def pattern_of(match: str | list[str]) -> str:
    """Return the selection pattern for an error: a pattern as it is; for exceptions, with which the message begins."""
    return match if isinstance(match, str) else rf"(?:{'|'.join(match)})(?::[\s\S]*)?"


def other_errors(patterns: Any) -> str:
    r"""Return the selection pattern for all messages that none of the patterns matches.

    It excludes the other patterns, as the order in which API Gateway tries them is not documented. `[\s\S]` is any
    character; AWS's own example `(\n|.)+` matches no carriage return and needs stack for each character.
    """
    return "".join(rf"(?!(?:{pattern}){_END})" for pattern in patterns) + r"[\s\S]+"


def event_template(event: Mapping[str, str]) -> str:
    """Return the mapping template that makes an event. A query parameter that the request lacks is left out."""
    lines = ["#set($params = $input.params())", '#set($comma = "")', "{"]
    return "\n".join([*lines, *(_field(name, source) for name, source in event.items()), "}"])


def _field(name: str, source: str) -> str:
    where, _, parameter = source.partition(".")
    if where == "body":
        return f"""$comma"{name}": $input.json('$')#set($comma = ",")"""
    values = {"path": "$params.path", "query": "$params.querystring"}[where]
    value = f"""#set($value = {values}.get('{parameter}'))"{_ESCAPED}\""""
    return f"""#if({values}.containsKey('{parameter}'))$comma"{name}": {value}#set($comma = ",")#end"""


# escapeJavaScript puts a backslash before single quotes, which JSON does not allow, and makes `{}` of a blank text.
_ESCAPED = """#if(!$value.trim().isEmpty())$util.escapeJavaScript($value).replaceAll(".'", "'")#end"""


def integration_settings(integration: Any) -> Values:
    """Return the settings of an integration as AWS describes it."""
    return {
        "type": integration.get("type", ""),
        "timeout": int(integration.get("timeoutInMillis") or DEFAULT_TIMEOUT * 1000) / 1000,
        "passthrough": integration.get("passthroughBehavior") or "WHEN_NO_MATCH",
        "templates": dict(integration.get("requestTemplates") or {}),
        "content": integration.get("contentHandling") or "",
    }


def responses_of(method: Any) -> Values:
    """Return the responses of a method as AWS describes it, by status: pattern, headers, template, declared headers.

    Without a pattern only the method has the response, without declared headers only the integration.
    """
    declared = method.get("methodResponses") or {}
    selected = method.get("methodIntegration", {}).get("integrationResponses") or {}
    statuses = sorted({*declared, *selected})
    return {status: {**_selected(selected.get(status)), **_declared(declared.get(status))} for status in statuses}


def _selected(response: Any) -> Values:
    if response is None:
        return {}
    return {
        "pattern": response.get("selectionPattern") or "",
        "headers": dict(response.get("responseParameters") or {}),
        "template": (response.get("responseTemplates") or {}).get(JSON) or "",
    }


def _declared(response: Any) -> Values:
    return {} if response is None else {"declared": sorted(response.get("responseParameters") or {})}
