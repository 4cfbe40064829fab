"""The loader that Lambda calls in place of a function's handler, to unpack the start pack and read secrets first."""

from dataclasses import dataclass
from importlib.resources import files

from awsprov.config.models import Config
from awsprov.packaging.bundle import Bundle


@dataclass(frozen=True)
class Code:
    """The code and the variables of a function.

    Arguments:
        variables: the environment variables, with the loader's and the origin that CORS allows.
        bundle: the code, with the loader's modules.
    """

    variables: dict[str, str]
    bundle: Bundle


def code_of(config: Config, name: str) -> Code:
    """Return a function's code, with the loader if it has something to do.

    Arguments:
        config: the configuration.
        name: the function's name.
    """
    source, rules = config.functions[name].source, config.upload_rules(name)
    own, loader = config.variables(name), config.loader_variables(name)
    if not loader:
        return Code(own, Bundle(source, rules=rules))
    unpacking = ("unpack", "unpacking") if config.libraries.start_pack else ()
    modules = {"bootstrap": "loader", **{each: each for each in unpacking}}
    directory = files("awsprov.remote_code.function")
    contents = {name: directory.joinpath(f"{module}.py").read_bytes() for name, module in modules.items()}
    extra = {"_awsprov/__init__.py": b"", **{f"_awsprov/{name}.py": content for name, content in contents.items()}}
    return Code({**own, **loader}, Bundle(source, tuple(extra.items()), rules))
