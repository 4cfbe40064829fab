"""The other stages of a configuration that have a stack, as their state files on this machine record it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from awsprov.config.models import Config
from awsprov.engine.state_file import recorded, recorded_like
from awsprov.paths import StackLocation


@dataclass(frozen=True)
class RecordedStage:
    """A stack of the same configuration.

    Arguments:
        stage: its stage; empty for the stack without one.
        resources: how many resources its state file records; some of them are parts of others.
    """

    stage: str
    resources: int

    @property
    def option(self) -> str:
        """The option that selects it."""
        return f"--stage {self.stage}" if self.stage else "no --stage"


def other_stages(config: Config, location: StackLocation) -> list[RecordedStage]:
    """Return the stages, besides the selected one, that have resources. Makes no call."""
    known = dict.fromkeys(("", *config.stages, *_created_like(config, location)))
    names = [name for name in known if name != config.stage]
    counted = [RecordedStage(name, _recorded(config.name, replace(location, stage=name))) for name in names]
    return [each for each in counted if each.resources]


def stages_note(stages: list[RecordedStage]) -> str:
    """Return a sentence with the stages, and how they are selected; empty for none."""
    listed = ", ".join(f"{each.stage or 'the stack without a stage'} ({each.option})" for each in stages)
    return f"Other stacks of this configuration: {listed}." if stages else ""


def _created_like(config: Config, location: StackLocation) -> Iterator[str]:
    """Yield the stages that were created with --like, whose state files name a stage of the configuration."""
    for file in sorted(location.home.glob(f"{config.name}-*.json")):
        stage = file.name.removeprefix(f"{config.name}-").removesuffix(".json").removesuffix(".local")
        found = replace(location, stage=stage).state_file(config.name)
        if found == file and recorded_like(found) in config.stages:
            yield stage


def _recorded(name: str, location: StackLocation) -> int:
    """Return how many resources a state file records; 0 if it does not exist, or cannot be read."""
    document = recorded(location.state_file(name))
    return sum(bool(record.id) for record in document.resources.values()) if document else 0
