"""Refuses a function's connections to AWS: with `--local` a function must not leave the local cloud by mistake.

This file runs in the worker's process before the handler, beside user code, so it imports the standard library only.
Python's audit events show each host name that Python code looks up. Compiled code that opens connections by itself,
such as DuckDB or pyarrow, is not seen: AWS refuses its calls, as it does not know the keys of the local cloud.
"""

import re
import sys
from types import FrameType

_AWS = re.compile(r"(.*\.)?(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|amazonwebservices\.com\.cn)\.?")
# Servers of users that have names of AWS: databases, caches, load balancers and instances.
_SERVERS = re.compile(r".*\.(rds|cache|elb|redshift|docdb|compute|compute-1)\.amazonaws\.com(\.cn)?\.?")
_EVENTS = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.connect": 1}  # the position of the host
_VARIABLE = 'os.environ["AWS_ENDPOINT_URL"]'
# How a library is given the endpoint, by the name of its package; the first one that is found on the stack counts.
_SETTINGS = {
    "s3fs": f"s3fs.S3FileSystem(endpoint_url={_VARIABLE}), or storage_options={{'endpoint_url': …}} of pandas and dask",
    "smart_open": f"transport_params={{'client': boto3.client('s3', endpoint_url={_VARIABLE})}}",
    "minio": f"Minio(urllib.parse.urlsplit({_VARIABLE}).netloc, secure=False, …)",
    "aiobotocore": f"session.create_client(…, endpoint_url={_VARIABLE})",
    "boto3": f"boto3.client(…, endpoint_url={_VARIABLE}), or boto3 1.28 or newer, which reads the variable",
}
_reported: set[str] = set()


class AwsHostError(RuntimeError):
    """A function looks up a host of AWS. Not an OSError, whose message HTTP clients replace with their own."""


def _refuse_aws_hosts(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse to look up hosts of AWS. An audit hook: it is called for each event of the process."""
    if event not in _EVENTS:
        return
    host = arguments[_EVENTS[event]]
    host = host[0] if isinstance(host, tuple) and host else host
    name = (host.decode("latin-1") if isinstance(host, bytes) else str(host)).lower()
    if not _AWS.fullmatch(name) or _SERVERS.fullmatch(name):
        return
    message = f"{name} is a host of AWS, which a function in the local cloud must not use. {_remedy()}"
    if name not in _reported:
        _reported.add(name)
        print(message, file=sys.stderr)
    raise AwsHostError(message)


def _remedy() -> str:
    """Return how the library that looks up the host is given the endpoint of the local cloud."""
    packages = _packages_on_the_stack()
    library = next((each for each in _SETTINGS if each in packages), "")
    library = library or next((each for each in _SETTINGS if each in sys.modules), "")
    if library:
        return f"{library} needs the endpoint: {_SETTINGS[library]}"
    return f"Give the library the endpoint, which is in {_VARIABLE}."


def _packages_on_the_stack() -> set[str]:
    found: set[str] = set()
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        found.add("boto3" if package == "botocore" else package)  # its clients are called without boto3
        frame = frame.f_back
    return found


sys.addaudithook(_refuse_aws_hosts)
