"""The row of a behaviour that is implemented in a backend of the local cloud."""

from dataclasses import dataclass, field

from awsprov.local.behaviour.fidelity_row import FidelityRow


@dataclass(frozen=True)
class BackendBehaviour(FidelityRow):
    """A behaviour that is implemented in a backend.

    Arguments:
        subject: the case.
    """

    subject: str = field(kw_only=True)

    @property
    def title(self) -> str:
        return self.subject
