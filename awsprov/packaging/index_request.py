"""Requests to package indexes, with the credentials that their URLs have."""

import base64
import urllib.request
from http.client import HTTPResponse
from urllib.parse import unquote

from awsprov.packaging.index_access import credentials_of, with_credentials


def open_url(url: str, timeout: float) -> HTTPResponse:
    """Open a page or a file of a package index. The response has to be closed.

    Arguments:
        url: its URL, whose scheme was checked when it was read; with credentials if its server needs some. Another
            server to which it redirects does not get them.
        timeout: seconds without an answer.

    Raises:
        OSError, ValueError, HTTPException: there is no answer, it is an error, or it is not HTTP.
    """
    request = urllib.request.Request(with_credentials(url, ""))  # noqa: S310 - see `url`
    if credentials := credentials_of(url):
        token = base64.b64encode(unquote(credentials).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    response: HTTPResponse = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310 - as above  # nosec B310
    return response
