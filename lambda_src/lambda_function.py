"""A similarity service on AWS Lambda: which offers fit a requirement best, how well, and by which words.

It answers three kinds of event:

* a REST API's (proxy, version 1) and an HTTP API's (payload 2.0): the request is the body of a POST, the answer is an
  HTTP response, and a bad request is a 4xx that lists every problem;
* any other event is itself the request (`aws lambda invoke`): the answer is the plain result, and a bad request raises
  `BadRequest`, so that the caller sees a failed invocation and not a result of another shape.

The result, with the offers in order and the best first:

    {"requirement": its title, "language": "en" or "es",
     "ranking": [{"offer": its id, "title": ..., "score": 0 to 1, "words": [{"word": ..., "weight": ...}, ...]}, ...],
     "took_ms": milliseconds}

Any exception but `BadRequest` is a fault of this code. Nothing catches it: Lambda logs and counts it, API Gateway
answers 5xx.

Environment:
    LOG_LEVEL: the least level that is logged, INFO by default. One line of JSON a request; never its texts.
    CORS_ORIGIN: the web origin whose pages may call this, such as https://example.com. None by default.
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

MAX_BYTES = 1_000_000  # of a body

log = logging.getLogger("similarity")
log.setLevel(logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", "").upper(), logging.INFO))


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Rank the offers of one request.

    Arguments:
        event: an API Gateway event, or the request itself.
        context: Lambda's; only its `aws_request_id` is used, and it may be None.

    Errors:
        BadRequest: the event is itself the request, and a bad one.
    """
    started = time.perf_counter()
    method = http_method(event)
    if method == "OPTIONS" and os.environ.get("CORS_ORIGIN"):
        write_log(context, started, status=204)
        return http_response(204)
    try:
        request = parse(http_body(event, method) if method else event)
    except BadRequest as bad:
        write_log(context, started, status=bad.status, problems=len(bad.problems))
        if not method:
            raise
        return http_response(bad.status, {"error": "bad request", "problems": bad.problems})
    result = answer(request) | {"took_ms": milliseconds_since(started)}
    write_log(context, started, status=200, language=request.language, offers=len(request.offers))
    return http_response(200, result) if method else result


def answer(request: Request) -> dict[str, Any]:
    """The result for a checked request, all but the time it took: the offers ranked, the best first."""
    matches = rank(request.requirement.text, [offer.text for offer in request.offers], request.language)
    return {
        "requirement": request.requirement.title,
        "language": request.language,
        "ranking": [ranked(request, match) for match in matches],
    }


def ranked(request: Request, match: Match) -> dict[str, Any]:
    """One line of the ranking."""
    offer = request.offers[match.place]
    words = [{"word": word, "weight": weight} for word, weight in match.words]
    return {"offer": offer.id, "title": offer.title, "score": match.score, "words": words}


def http_method(event: Any) -> str:
    """The HTTP method of an API Gateway event of either version; empty for an event that is not one."""
    match event:
        case {"requestContext": {"http": {"method": str(method)}}} | {"httpMethod": str(method)}:
            return method
    return ""


def http_body(event: dict[str, Any], method: str) -> Any:
    """The JSON value in the body of an API Gateway event.

    Errors:
        BadRequest: another method than POST, no body, a large one, or one that is not JSON.
    """
    if method != "POST":
        raise BadRequest(f"{method} is not answered here, only POST", status=405)
    body = event.get("body")
    if not body or not isinstance(body, str):
        raise BadRequest("the body is empty: send a request as JSON")
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > MAX_BYTES:
            raise BadRequest(f"the body has {len(raw):,} bytes, and at most {MAX_BYTES:,} are read", status=413)
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON in UTF-8: {error}") from None


def http_response(status: int, result: dict[str, Any] | None = None) -> dict[str, Any]:
    """The response, in the form that API Gateway takes from functions of either version."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if origin := os.environ.get("CORS_ORIGIN"):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Methods"] = "POST"
        headers["Access-Control-Allow-Headers"] = "authorization,content-type,x-amz-date,x-amz-security-token,x-api-key"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    body = "" if result is None else json.dumps(result, ensure_ascii=False)
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def write_log(context: Any, started: float, **facts: str | int) -> None:
    """One line of JSON about one request: whose it is, how it ended, how long it took. No text of the caller's."""
    request_id = getattr(context, "aws_request_id", None)
    log.info(json.dumps({"request": request_id, **facts, "took_ms": milliseconds_since(started)}))


def milliseconds_since(started: float) -> float:
    """The time since `started` (of `time.perf_counter`), in milliseconds to one decimal."""
    return round((time.perf_counter() - started) * 1000, 1)
