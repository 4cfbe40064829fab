"""The libraries' lock file of a project: resolved before a plan, written once the plan is carried out."""

from concurrent.futures import Future
from dataclasses import replace
from functools import cached_property, partial

from awsprov.aws.background import in_background
from awsprov.errors import RefusedError
from awsprov.packaging.local_wheels import BuildNeededError
from awsprov.packaging.lockfile import Lock, changed_sources, differences
from awsprov.project.context import StackContext
from awsprov.project.uploads import code_warnings


class LibraryLocking(StackContext):
    """A stack whose libraries can be resolved.

    Its arguments and errors are those of `Project`, which documents them.
    """

    def resolve_libraries(
        self, *, read_only: bool = False, upgrade: bool = False, locked: bool = False, build: bool = False
    ) -> list[str] | None:
        """Resolve the libraries unless their lock file is up to date. Until `write_lock` nothing is written.

        Arguments:
            read_only: whether nothing may be sent to a package index but the names of packages, and libraries may stay
                unknown because a package has to be built first: `config.libraries_unknown` says so then.
            upgrade: resolve in any case, and use the newest versions.
            locked: whether to refuse when the lock file is not up to date.
            build: whether packages that are directories of this machine may be built, which runs their code.

        Returns:
            The differences from the lock file, one a line; None if it is up to date, or if they are not known.

        Raises:
            RefusedError: the lock file is not up to date, and `locked`; or a variable or a build is not allowed.
        """
        lock = self.config.environment.lock
        if lock.state == "fresh" and not upgrade:
            return None
        if locked:
            raise self._not_locked(lock)
        access = replace(self.index_access, read_only=read_only)
        try:
            draft = lock.resolved(access, upgrade=upgrade, build=build)
        except BuildNeededError as error:
            if not read_only:
                raise
            self._declare_with(libraries_unknown=error.what)
            return None
        self._declare_with(lock_draft=draft.text, libraries_unknown="")
        return [*differences(lock.pins, draft.pins), *changed_sources(lock, draft)]

    @property
    def code_warnings(self) -> list[str]:
        """A sentence on each import of a handler that would fail. Waits until the functions' code is parsed."""
        return self._parsing.result()

    def start_parsing(self) -> None:
        """Start to parse the functions' code in the background, for `code_warnings`."""
        _ = self._parsing

    @cached_property
    def _parsing(self) -> Future[list[str]]:
        return in_background(partial(code_warnings, self.config))

    def _declare_with(self, **update: str) -> None:
        self.config = self.config.model_copy(update=update)
        vars(self).pop("_parsing", None)
        self.redeclare()

    def write_lock(self) -> None:
        """Write the lock file, if the libraries were resolved."""
        if self.config.lock_draft is not None:
            self.config.environment.lock.write()
            self.config = self.config.model_copy(update={"lock_draft": None})

    def _not_locked(self, lock: Lock) -> RefusedError:
        changed = f"{lock.requirements.name} or config.yaml has changed since, or it was not made for {lock.target}."
        return RefusedError(
            f"{lock.path.name} is {lock.state}.",
            why=lock.problem or (changed if lock.state == "stale" else ""),
            remedy="Run `awsprov lock`, and commit the lock file.",
        )
