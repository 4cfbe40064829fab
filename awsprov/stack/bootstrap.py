"""What stands before a function's handler: our own start, which reads secrets and unpacks the start pack."""

import json
from importlib.resources import files

from awsprov.config.function import FunctionConfig
from awsprov.config.models import Config
from awsprov.packaging.bundle import Bundle
from awsprov.resources.compute.libraries import Profiled


def started(function: FunctionConfig, start_pack: bool) -> tuple[str, dict[str, str], Bundle]:
    """Handler, variables and code; with a start pack or secrets, our own start stands before the handler."""
    if not (start_pack or function.start_secrets):
        return function.handler, function.environment, Bundle(function.source)
    ours = {"AWSPROV_HANDLER": function.handler}
    if function.start_secrets:
        ours["AWSPROV_SECRETS"] = json.dumps(function.start_secrets)
    extra = ["start"]
    if start_pack:
        ours["AWSPROV_START_PACK"] = "on"
        extra.append("unpack")
    own = files("awsprov.remote_code.function")
    modules = tuple((f"_awsprov_{name}.py", own.joinpath(f"{name}.py").read_bytes()) for name in extra)
    return "_awsprov_start.handler", {**function.environment, **ours}, Bundle(function.source, modules)


def profiled(config: Config) -> dict[str, Profiled]:
    """What is watched for the start pack. Neither secrets nor the env file's values go to the builder."""
    functions = config.functions if config.libraries.start_pack else {}
    return {name: Profiled(Bundle(f.source), f.handler, f.variables) for name, f in functions.items()}
