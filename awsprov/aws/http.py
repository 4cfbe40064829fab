"""Plain HTTP: what is asked of the stack's own APIs, and of those who know an address."""

from typing import NamedTuple


class Answer(NamedTuple):
    """An HTTP answer: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def http(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, timeout: int = 60) -> Answer:
    """One HTTP request over botocore's own transport: its proxies and certificates, no redirects followed."""
    import botocore.awsrequest  # noqa: PLC0415 - a fifth of a second: only for who asks
    import botocore.httpsession  # noqa: PLC0415

    request = botocore.awsrequest.AWSRequest(method, url, headers=headers or {}, data=body or None).prepare()
    answer = botocore.httpsession.URLLib3Session(timeout=timeout).send(request)
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)
