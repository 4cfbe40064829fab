"""A client that calls a live function again and again: through Lambda and through the API, signed, without retries."""

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

REGION = "us-east-1"
PAUSE = 0.1  # seconds between two rounds
TIMEOUT = 60  # seconds for one response


@dataclass
class Caller:
    """Calls a stack's function in both ways, in a thread, from the beginning of a `with` statement to its end.

    Arguments:
        endpoint: the URL of the cloud.
        keys: an access key and its secret.
        stack: the stack with the function `answer`.

    Attributes:
        responses: the results of the function, in order.
        failures: the errors and all other responses.
    """

    endpoint: str
    keys: tuple[str, str]
    stack: str
    responses: list[Any] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Caller":
        self._round()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._round()

    @property
    def versions(self) -> list[str]:
        """The versions that answered, in order, without consecutive duplicates."""
        found = [response["version"] for response in self.responses]
        return [version for before, version in zip(["", *found], found, strict=False) if version != before]

    def _run(self) -> None:
        while not self._ended.wait(PAUSE):
            self._round()

    def _round(self) -> None:
        for call in (self._through_lambda, self._over_http):
            try:
                response = call()
            except Exception as error:  # of any kind: the client got no response
                self.failures.append(f"{call.__name__}: {error!r}")
            else:
                results = self.responses if "version" in response else self.failures
                results.append(response)

    def _through_lambda(self) -> Any:
        response = self._lambda.invoke(FunctionName=f"{self.stack}-answer", Qualifier="live", Payload=b"{}")
        return json.loads(response["Payload"].read())

    def _over_http(self) -> Any:
        request = AWSRequest("POST", self._url, data=b"{}")
        SigV4Auth(Credentials(*self.keys), "execute-api", REGION).add_auth(request)
        signed = urllib.request.Request(self._url, b"{}", dict(request.headers))  # noqa: S310 - our own cloud
        with urllib.request.urlopen(signed, timeout=TIMEOUT) as response:  # noqa: S310 - as above
            return json.loads(response.read())

    @cached_property
    def _lambda(self) -> Any:
        return self._client("lambda")

    @cached_property
    def _url(self) -> str:
        apis = self._client("apigateway").get_rest_apis()["items"]
        (url,) = [api["tags"]["awsprov:invoke-url"] for api in apis if api["name"].startswith(f"{self.stack}-")]
        return f"{url}/prod/answer"

    def _client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=TIMEOUT),
        )
