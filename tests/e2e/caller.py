"""A client that calls what is live, all the while: through Lambda and through the API, signed, and never twice."""

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
PATIENCE = 60  # seconds for one answer


@dataclass
class Caller:
    """Calls a stack's function both ways in turns, from `with` to its end, one round before and one after included.

    Attributes:
        endpoint: the cloud.
        keys: an access key and its secret.
        stack: whose function `answer` is called.
        answers: what came back, in order.
        failures: what came back instead.
    """

    endpoint: str
    keys: tuple[str, str]
    stack: str
    answers: list[Any] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Caller":
        self._round()
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._round()

    @property
    def versions(self) -> list[str]:
        """Who answered, in order; each once as long as it went on answering."""
        found = [answer["version"] for answer in self.answers]
        return [version for before, version in zip(["", *found], found, strict=False) if version != before]

    def _go_on(self) -> None:
        while not self._over.wait(PAUSE):
            self._round()

    def _round(self) -> None:
        for call in (self._through_lambda, self._over_http):
            try:
                answer = call()
            except Exception as error:  # whatever it is, a client was not served
                self.failures.append(f"{call.__name__}: {error!r}")
            else:
                results = self.answers if "version" in answer else self.failures
                results.append(answer)

    def _through_lambda(self) -> Any:
        answer = self._lambda.invoke(FunctionName=f"{self.stack}-answer", Qualifier="live", Payload=b"{}")
        return json.loads(answer["Payload"].read())

    def _over_http(self) -> Any:
        request = AWSRequest("POST", self._url, data=b"{}")
        SigV4Auth(Credentials(*self.keys), "execute-api", REGION).add_auth(request)
        asked = urllib.request.Request(self._url, b"{}", dict(request.headers))  # noqa: S310 - our own cloud
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - likewise
            return json.loads(answer.read())

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
            config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE),
        )
