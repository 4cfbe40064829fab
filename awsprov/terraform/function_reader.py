"""Converts a Lambda function: its settings, variables and secrets."""

import re
from typing import Any, get_args

from awsprov.aws.limits import FREE_TMP
from awsprov.config.libraries import PythonVersion
from awsprov.config.names import LONGEST, fit_name
from awsprov.config.variables import AWSPROV_VARIABLES, LAMBDA_VARIABLES
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.secret_names import looks_secret
from awsprov.terraform.stored_secrets import stored_reference
from awsprov.terraform.values import Unknown, is_sensitive, text_of

DEFAULT_HANDLER = "lambda_function.lambda_handler"
_PYTHONS = get_args(PythonVersion)
_VAGUE = {"this", "main", "default", "lambda", "function", "fn"}  # usual names of blocks, without a meaning
_NOT_CONVERTED = ("dead_letter_config", "tracing_config", "logging_config", "snap_start", "kms_key_arn")
_USUAL = {"tracing_config": ("mode", "PassThrough"), "logging_config": ("log_format", "Text")}  # Lambda's defaults
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_PROVIDER_KEYS = ("access_key", "secret_key", "token")


def python_functions(infrastructure: Infrastructure, findings: Findings) -> list[ParsedResource]:
    """Return the functions that awsprov can have; the others are noted."""
    found = []
    for block in infrastructure.of("aws_lambda_function"):
        runtime = block.get("runtime")
        if block.get("package_type") == "Image" or block.get("image_uri") is not None:
            findings.note(block, "is a container image, which awsprov does not convert")
        elif isinstance(runtime, str) and not runtime.startswith("python"):
            findings.note(block, f"runs {runtime}; awsprov serves Python")
        else:
            found.append(block)
    return found


def function_key(block: ParsedResource, taken: dict[str, Any], findings: Findings) -> str:
    """Return a function's name in config.yaml: its name in AWS if that is short enough, or else that of its block."""
    key = _function_key(block, taken)
    named = block.get("function_name")
    if isinstance(named, Unknown):
        findings.note(block, f"its name {named.reason}; in config.yaml it is {key}")
    elif isinstance(named, str) and not is_sensitive(named) and named != key:
        findings.note(block, f"its name in config.yaml is {key}; names there are short, in small letters, and unique")
    return key


def _function_key(block: ParsedResource, taken: dict[str, Any]) -> str:
    named, key = block.get("function_name"), f"{block.name}-{block.key}".strip("-")
    short = isinstance(named, str) and not is_sensitive(named) and len(named) <= LONGEST
    own = fit_name(str(named)) if short or (isinstance(named, str) and block.name in _VAGUE) else fit_name(key)
    name, number = own or "function", 2
    while name in taken:
        end = f"-{number}"
        name, number = f"{own[: LONGEST - len(end)]}{end}", number + 1
    return name


def settings(block: ParsedResource, infrastructure: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return a function's handler, memory, timeout, /tmp, concurrency and log retention."""
    section: dict[str, Any] = {"handler": findings.text(block, "handler") or DEFAULT_HANDLER}
    numbers = (("memory_size", "memory"), ("timeout", "timeout"), ("reserved_concurrent_executions", "concurrency"))
    for theirs, ours in numbers:
        if (value := findings.number(block, theirs)) is not None and value > 0:
            section[ours] = value
    size = block.inner("ephemeral_storage").get("size")
    if (megabytes := findings.number(block, "ephemeral_storage", size) if size else None) not in (None, FREE_TMP):
        section["tmp"] = megabytes
    if block.get("layers"):
        findings.note(block, "its layers are not converted; list their packages in the requirements")
    if left := [name for name in _NOT_CONVERTED if _is_set(block, name)]:
        findings.note(block, f"these arguments are not converted: {', '.join(left)}")
    if days := _log_days(block, infrastructure, findings):
        section["log_days"] = days
    return section


def _is_set(block: ParsedResource, name: str) -> bool:
    """Return whether an argument, or a block that a state has for each function, is set to something of its own."""
    if name in _USUAL:
        key, usual = _USUAL[name]
        return bool(block.inner(name).get(key, usual) != usual)
    return bool(block.get(name))


def runtime(blocks: list[ParsedResource], findings: Findings) -> dict[str, str]:
    """Return `python` and `architecture`: those of the first function that sets them."""
    section: dict[str, str] = {}
    for block in blocks:
        version = findings.text(block, "runtime").removeprefix("python")
        if version in _PYTHONS:
            section.setdefault("python", version)
        elif version:
            section.setdefault("python", _PYTHONS[0])
            findings.note(block, f"awsprov does not support Python {version}; config.yaml has {_PYTHONS[0]}")
        architectures = block.get("architectures")
        for architecture in architectures if isinstance(architectures, list) else []:
            section.setdefault("architecture", findings.text(block, "architectures", architecture) or "x86_64")
    return section


def _log_days(block: ParsedResource, infrastructure: Infrastructure, findings: Findings) -> int | None:
    """Return the retention of the function's log group, in days; None if it is not set."""
    name = f"/aws/lambda/{block.get('function_name')}"
    for group in infrastructure.of("aws_cloudwatch_log_group"):
        if group.get("name") == name or block.refers_to(group.get("name")):
            return findings.number(group, "retention_in_days") or None
    return None


# ---- variables


def environment(block: ParsedResource, infrastructure: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return a function's `variables` and `secrets`, by the names that it sees."""
    given = block.inner("environment").get("variables")
    if isinstance(given, Unknown):
        findings.note(block, f"its environment variables: the map {given.reason}; write them into config.yaml yourself")
    variables: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        if not _is_carried_over(block, str(name), value, infrastructure, findings):
            continue
        if stored := stored_reference(value, infrastructure):
            secrets[str(name)] = stored
        elif is_sensitive(value) or looks_secret(name, value):
            secrets[str(name)] = findings.secret(str(name))
        elif isinstance(value, Unknown):
            findings.note(block, f"the variable {name} {value.reason}; write it into config.yaml yourself")
        elif isinstance(value, str | int | float):
            variables[str(name)] = text_of(value)
        else:
            findings.note(block, f"the variable {name} is not a plain value")
    return {key: section for key, section in (("variables", variables), ("secrets", secrets)) if section}


def _is_carried_over(
    block: ParsedResource, name: str, value: Any, infrastructure: Infrastructure, findings: Findings
) -> bool:
    """Return whether a function of awsprov can have a variable; if not, it is noted."""
    if name in AWSPROV_VARIABLES:
        findings.note(block, f"the variable {name} is set by awsprov")
    elif _is_provider_key(value, infrastructure):
        findings.note(block, f"the variable {name} is a key of the provider; a function has a role instead")
    elif name in LAMBDA_VARIABLES or not _VARIABLE.fullmatch(name):
        findings.note(block, f"{name} cannot be the name of a function's variable")
    else:
        return value is not None
    return False


def _is_provider_key(value: Any, infrastructure: Infrastructure) -> bool:
    keys = [provider.get(name) for provider in infrastructure.providers for name in _PROVIDER_KEYS]
    return value not in (None, "") and value in [key for key in keys if key is not None]
