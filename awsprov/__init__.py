"""awsprov: a Python handler and its heavy requirements, served from AWS Lambda with the libraries on EFS."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awsprov.project.project import Project

__all__ = ["Project", "__version__"]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Import `Project` when it is first used: `awsprov --help` needs neither boto3 nor pydantic."""
    if name == "Project":
        from awsprov.project.project import Project

        return Project
    raise AttributeError(f"module 'awsprov' has no attribute {name!r}")
