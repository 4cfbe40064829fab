"""Plain HTTP requests, to the stack's own APIs and to AWS's address service."""

from typing import NamedTuple
from urllib.parse import urlsplit


class HttpResponse(NamedTuple):
    """An HTTP response: status, headers with names in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def http(
    method: str,
    url: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    timeout: int = 60,
    *,
    proxied: bool = True,
) -> HttpResponse:
    """Send a request over botocore's transport; follow no redirect.

    The proxy of this machine's variables is used, but not for an address of this machine.

    Arguments:
        method: the HTTP method.
        url: the URL.
        body: the body; none is sent if it is empty.
        headers: the headers.
        timeout: seconds to connect, and seconds between two reads.
        proxied: whether the proxy is used.
    """
    import botocore.awsrequest  # a fifth of a second: only for commands that send requests
    import botocore.httpsession

    request = botocore.awsrequest.AWSRequest(method, url, headers=headers or {}, data=body or None).prepare()
    response = botocore.httpsession.URLLib3Session(proxies=_proxies(url) if proxied else {}, timeout=timeout).send(
        request
    )
    lower_case = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status_code, lower_case, response.content)


def _proxies(url: str) -> dict[str, str]:
    from botocore.utils import get_environ_proxies

    loopback = urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
    return {} if loopback else get_environ_proxies(url)
