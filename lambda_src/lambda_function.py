"""A similarity service on AWS Lambda: ranks offers by how well they match a requirement, with the words that matched.

It accepts three kinds of event:

* an event of a REST API (proxy, version 1) or of an HTTP API (payload 2.0): the request is the body of a POST, the
  function returns an HTTP response, and a bad request gets a 4xx that lists all its problems;
* any other event is the request itself (`aws lambda invoke`): the function returns the result, and a bad request raises
  `BadRequest`, so that the invocation fails.

The result, the best offer first:

    {"requirement": its title, "language": "en" or "es",
     "ranking": [{"offer": its id, "title": ..., "score": 0 to 1, "words": [{"word": ..., "weight": ...}, ...]}, ...],
     "took_ms": milliseconds}

Any exception other than `BadRequest` is a bug in this code. It is not caught: Lambda logs and counts it, and API
Gateway returns 5xx.

Environment:
    LOG_LEVEL: the log level, INFO by default. Each request writes one line of JSON, which never contains its texts.
    CORS_ORIGIN: the web origin whose pages may call this service, such as https://example.com. None by default.
"""

import base64
import json
import logging
import os
import time
from http import HTTPStatus
from typing import Any

from request import BadRequest, Request, parse
from similarity import Match, rank

MAX_BYTES = 1_000_000  # of a request body

log = logging.getLogger("similarity")
log.setLevel(logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", "").upper(), logging.INFO))


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Rank the offers of one request.

    Arguments:
        event: an API Gateway event, or the request itself.
        context: the Lambda context, of which only `aws_request_id` is used; may be None.

    Raises:
        BadRequest: the event is the request itself, and has problems.
    """
    started = time.perf_counter()
    method = http_method(event)
    if method == "OPTIONS" and os.environ.get("CORS_ORIGIN"):
        write_log(context, started, status=204)
        return http_response(204)
    try:
        request = parse(http_body(event, method) if method else event)
    except BadRequest as error:
        write_log(context, started, status=error.status, problems=len(error.problems))
        if not method:
            raise
        return http_response(error.status, {"error": "bad request", "problems": error.problems})
    result = rank_offers(request) | {"took_ms": milliseconds_since(started)}
    write_log(context, started, status=200, language=request.language, offers=len(request.offers))
    return http_response(200, result) if method else result


def rank_offers(request: Request) -> dict[str, Any]:
    """Return the result for a valid request, without `took_ms`."""
    matches = rank(request.requirement.text, [offer.text for offer in request.offers], request.language)
    return {
        "requirement": request.requirement.title,
        "language": request.language,
        "ranking": [ranking_entry(request, match) for match in matches],
    }


def ranking_entry(request: Request, match: Match) -> dict[str, Any]:
    """Return one entry of the ranking."""
    offer = request.offers[match.index]
    words = [{"word": word, "weight": weight} for word, weight in match.words]
    return {"offer": offer.id, "title": offer.title, "score": match.score, "words": words}


def http_method(event: Any) -> str:
    """Return the HTTP method of an API Gateway event of either version, or "" for any other event."""
    match event:
        case {"requestContext": {"http": {"method": str(method)}}} | {"httpMethod": str(method)}:
            return method
    return ""


def http_body(event: dict[str, Any], method: str) -> Any:
    """Return the JSON value in the body of an API Gateway event.

    Raises:
        BadRequest: the method is not POST, or the body is missing, too large or not JSON.
    """
    if method != "POST":
        raise BadRequest(f"{method} is not allowed, only POST", status=405)
    body = event.get("body")
    if not body or not isinstance(body, str):
        raise BadRequest("the body is empty: send the request as JSON")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > MAX_BYTES:
            raise BadRequest(f"the body has {len(raw):,} bytes, more than {MAX_BYTES:,}", status=413)
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not valid JSON in UTF-8: {error}") from None


def http_response(status: int, result: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a response in the form that both versions of API Gateway accept."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if origin := os.environ.get("CORS_ORIGIN"):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Methods"] = "POST"
        headers["Access-Control-Allow-Headers"] = "authorization,content-type,x-amz-date,x-amz-security-token,x-api-key"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    body = "" if result is None else json.dumps(result, ensure_ascii=False)
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def write_log(context: Any, started: float, **fields: str | int) -> None:
    """Log one line of JSON about a request: its id, its result and the time it took, but none of its texts."""
    request_id = getattr(context, "aws_request_id", None)
    log.info(json.dumps({"request": request_id, **fields, "took_ms": milliseconds_since(started)}))


def milliseconds_since(started: float) -> float:
    """Return the milliseconds since `started`, a value of `time.perf_counter`, to one decimal."""
    return round((time.perf_counter() - started) * 1000, 1)
