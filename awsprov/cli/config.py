"""config show: the effective configuration, and where each value comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from awsprov.cli.help_format import Group
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import width
from awsprov.config.models import Config
from awsprov.config.user_config import own_defaults, region_variable
from awsprov.config.yaml_document import Document, Keys, read
from awsprov.paths import user_config_file
from awsprov.project.stages import load_stage
from awsprov.ui.layout import table

_OVERRIDES = ("region", "profile")  # keys of the file that options and variables override
_DEFAULT = "default"
_UNSET: tuple[Any, ...] = (None, [], {}, "")
_NOT_SHOWN = "(not shown)"  # an environment variable's value: it may be a secret


@click.group(cls=Group)
@common()
def config() -> None:
    """Show the effective configuration: file, options, variables and defaults together.

    \b
    Examples:
      awsprov config show
      awsprov config show --origin --stage prod
    """


@config.command()
@click.option("--origin", is_flag=True, help="Show where each value comes from.")
@common()
@pass_settings
def show(settings: Settings, origin: bool) -> int:
    """Print the effective configuration: options override variables, then config.yaml, your own file, and defaults.

    \b
    Examples:
      awsprov config show --origin
      awsprov config show --stage prod --json
    """
    found = load_stage(settings, files=True, region=settings.region)
    sources = _Sources(settings, found.like or found.stage, read(settings.config), own_defaults())
    known = [(keys, _value(keys, value, settings), sources.of(keys)) for keys, value in _flat(_plain(found))]
    lines = [each for each in known if each[1] not in _UNSET or each[2] != _DEFAULT]
    values = [{"key": _dotted(keys), "value": value, "origin": source} for keys, value, source in lines]
    rows = [(_dotted(keys), _shown(value), *([source] if origin else [])) for keys, value, source in lines]
    print_result(settings, "config", "\n".join(table(rows, width())), values=values)
    return 0


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass
class _Sources:
    """Where the values of the configuration come from."""

    settings: Settings
    stage: str  # whose values override others
    document: Document
    own: dict[str, str]
    staged: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.staged = self.document.value.get("stages", {}).get(self.stage, {})

    def of(self, keys: Keys) -> str:
        """Return the source of a value: an option, a variable, a line of a file, or the default."""
        name, path = str(keys[0]), self.document.path.name
        if len(keys) == 1 and name in self.settings.sources:
            return self.settings.sources[name]
        stage: Keys = ("stages", self.stage)
        if _in(self.staged, keys) and (position := self.document.position((*stage, *keys))):
            return f"{path}:{position[0]}, stage {self.stage}"
        if _in(self.document.value, keys) and (position := self.document.position(keys)):
            return f"{path}:{position[0]}"
        if name == "region" and region_variable():
            return region_variable()
        return str(user_config_file()) if len(keys) == 1 and name in self.own else _DEFAULT


def _plain(found: Config) -> dict[str, Any]:
    return found.model_dump(mode="json", exclude={"stages"})


def _flat(values: dict[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield each value with its keys; a list is one value."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def _in(values: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def _value(keys: Keys, value: Any, settings: Settings) -> Any:
    if len(keys) == 1 and keys[0] in _OVERRIDES and keys[0] in settings.sources:
        return getattr(settings, str(keys[0]))
    return _NOT_SHOWN if "variables" in keys and value else value


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
