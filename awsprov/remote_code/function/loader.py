"""Goes into a function's bundle, and runs before its handler: has the start pack brought, then the secrets' values put
into the environment.

Standard library and the runtime's own boto3 only. The secrets live in this process and nowhere else.
"""

import importlib
import json
import os
from typing import Any


def _value(reference: str) -> str:
    import boto3  # noqa: PLC0415 - half a second that functions without secrets need not spend

    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        answer: Any = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


if os.environ.get("AWSPROV_START_PACK") == "on":  # first of all: the secrets' client may come from the libraries
    importlib.import_module("_awsprov_unpack").bring(os.environ["PYTHONPATH"].split(os.pathsep)[0])
_secrets = json.loads(os.environ.get("AWSPROV_SECRETS", "{}"))
os.environ.update({name: _value(reference) for name, reference in _secrets.items()})
_module, _, _function = os.environ["AWSPROV_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(_module), _function)
