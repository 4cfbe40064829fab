"""The loader that Lambda calls in place of a function's handler, to unpack the start pack and read secrets first."""

from dataclasses import dataclass
from importlib.resources import files

from awsprov.config.function import FunctionConfig
from awsprov.packaging.bundle import Bundle


@dataclass(frozen=True)
class Code:
    """What Lambda runs for a function.

    Arguments:
        handler: the handler that Lambda calls: the function's own, or the loader's.
        variables: the environment variables, with the loader's.
        bundle: the code, with the loader's modules.
    """

    handler: str
    variables: dict[str, str]
    bundle: Bundle


def code_of(function: FunctionConfig, *, start_pack: bool, errors: bool) -> Code:
    """Return a function's code, with the loader if it has something to do.

    Arguments:
        function: the function's configuration.
        start_pack: whether the libraries have a start pack.
        errors: whether the API finds errors by their message, so that each must have one.
    """
    variables = function.loader_variables(start_pack=start_pack, errors=errors)
    if not variables:
        return Code(function.handler, function.environment, Bundle(function.source))
    modules = ["loader", *(["unpack"] if start_pack else [])]
    directory = files("awsprov.remote_code.function")
    extra = tuple((f"_awsprov_{name}.py", directory.joinpath(f"{name}.py").read_bytes()) for name in modules)
    bundle = Bundle(function.source, extra)
    return Code("_awsprov_loader.handler", {**function.environment, **variables}, bundle)
