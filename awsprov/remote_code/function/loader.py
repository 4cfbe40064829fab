"""Part of a function's bundle: Lambda imports it in place of the handler.

It unpacks the start pack, reads secrets into environment variables, and imports the handler. It uses the standard
library and the runtime's boto3 only. Secrets are held in this process and nowhere else.
"""

import importlib
import json
import os
from typing import Any


def _value(reference: str) -> str:
    import boto3  # noqa: PLC0415 - takes half a second, which functions without secrets save

    scheme, _, name = reference.partition(":")
    if scheme == "ssm":
        response: Any = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(response["Parameter"]["Value"])
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


if os.environ.get("AWSPROV_START_PACK") == "on":  # first: the libraries may contain boto3
    importlib.import_module("_awsprov_unpack").use_start_pack(os.environ["PYTHONPATH"].split(os.pathsep)[0])
_secrets = json.loads(os.environ.get("AWSPROV_SECRETS", "{}"))
os.environ.update({name: _value(reference) for name, reference in _secrets.items()})
_module, _, _function = os.environ["AWSPROV_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(_module), _function)
