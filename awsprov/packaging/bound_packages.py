"""Finds the dependencies of packages that are bound to an index, if they are bound, too.

uv looks up a dependency at all indexes unless it is required itself. The name of a private package would be sent to the
public index, and somebody could have registered it there.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distributions

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.uv_project import UvProject

_MAX_ROUNDS = 10  # the longest chain of dependencies that is followed


def bind_dependencies(
    project: UvProject, target: InstallTarget, bound: Mapping[str, str], index_of: Callable[[str], str]
) -> None:
    """Bind the dependencies of bound packages before they are looked up anywhere.

    Only indexes that could have some are asked: those with a pattern, or with a package that is not required itself.

    Arguments:
        project: the project for uv, with the bound packages that are required.
        target: the Python and the platform.
        bound: the URLs of the indexes that packages are bound to, by pattern.
        index_of: returns the URL of the index that a package is bound to, or an empty one.
    """
    if all(pattern in project.sources for pattern in bound):
        return
    for number in range(_MAX_ROUNDS):
        directory = f"bound-{number}"
        if project.install_bound(target, directory).returncode:
            return  # the resolution fails in the same way, and reports it
        names = set(_dependencies(str(project.scratch / directory)))
        found = {name: url for name in sorted(names) if (url := index_of(name)) and name not in project.sources}
        if not found:
            return
        project.bind(found)


def _dependencies(directory: str) -> Iterator[str]:
    """Yield the names of what the distributions in a directory require on the usual platforms; not of extras."""
    for distribution in distributions(path=[directory]):
        for line in distribution.requires or []:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if "extra" not in str(requirement.marker or ""):
                yield canonicalize_name(requirement.name)
