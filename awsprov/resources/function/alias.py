"""The `live` alias of a function, which points to one of its versions: a release moves it."""

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import AwsprovError, NoStackError, RejectedError, UsageError
from awsprov.resources.function.alias_history import AliasHistory
from awsprov.resources.function.canary import watch
from awsprov.resources.function.function import Function
from awsprov.resources.function.old_versions import delete_version, old_versions
from awsprov.resources.function.published_versions import published
from awsprov.resources.function.smoke_test import SmokeTest
from awsprov.resources.function.start_check import can_check_start, check_start
from awsprov.resources.function.versions import Version
from awsprov.resources.missing_ok import LAMBDA_MISSING, delete, none_if_missing

LIVE = "live"  # the name of the alias that the API and `awsprov invoke` call


@dataclass(eq=False, repr=False)
class Alias(Resource):
    """The `live` alias of a function: a deploy points it to a new version, a rollback to an earlier one.

    One call moves it, and only to a version that has started and has answered the smoke request: it points to a version
    that works, whenever awsprov is interrupted. After a rollback it stays until there is a new version. Its id
    is `function:alias`.

    Arguments:
        function: the function.
        version: the version that config.yaml asks for.
        start_check: whether a version must start before it goes live.
        smoke_test: the request that a version must answer before it goes live.
        canary: the share of the requests that a new version serves first, and for how many seconds.
        keep: how many older versions to keep when a new one is live; None for all.
    """

    function: Function
    version: Version
    _: KW_ONLY
    start_check: bool = True
    smoke_test: SmokeTest | None = None
    canary: tuple[float, float] | None = None
    keep: int | None = None

    area = "serving"
    deployed = True
    replace_triggered_by = frozenset({"function"})
    already_exists_codes = ("ResourceConflictException",)

    def recorded_inputs(self) -> Values:
        """Return the arguments without the smoke request, which may contain anything."""
        return {"function": self.function.id, "version": self.version.id}

    def _get(self, aws: Aws) -> Any:
        get = partial(aws.lambda_.get_alias, FunctionName=self.function.id, Name=LIVE)
        return none_if_missing(get, missing=LAMBDA_MISSING) or {}

    def _get_cached(self, aws: Aws) -> Any:
        """Return its description; a cached "does not exist" is checked again, as it may have been created since."""
        return aws.cached(f"Alias {self.name}", lambda: self._get(aws)) or self._get(aws)

    def find(self, aws: Aws) -> str:
        exists = self.function.id and aws.cached(f"Alias {self.name}", lambda: self._get(aws))
        return f"{self.function.id}:{LIVE}" if exists else ""

    def create(self, aws: Aws) -> str:
        try:
            self._test(aws)
        except RejectedError as error:  # nothing is live: the stack is not complete
            raise AwsprovError(error.what, why=error.why, remedy=error.remedy) from error
        aws.lambda_.create_alias(
            FunctionName=self.function.id,
            Name=LIVE,
            FunctionVersion=self.version.id,
            Description=str(AliasHistory().starting_now()),
        )
        return f"{self.function.id}:{LIVE}"

    def read(self, aws: Aws) -> Values:
        alias = self._get_cached(aws)
        return {"version": alias.get("FunctionVersion", ""), "shares": _shares(alias)}

    def wanted(self, aws: Aws) -> Values:
        """Return the configured version; the live one while a rollback holds the configured one back."""
        live, history = self.read(aws)["version"], self.history(aws)
        wanted, self.note = self.version.id, ""
        if wanted.isdigit() and live.isdigit() and int(live) != int(wanted) <= history.held_back_to:
            self.note = self._held_back(int(live), int(wanted), history)
            wanted = live
        return {"version": wanted, "shares": {}}

    def _held_back(self, live: int, wanted: int, history: AliasHistory) -> str:
        """Return why the configured version does not go live, and how to make it live."""
        never = " and was never live" if live < wanted and not history.was_live(wanted) else ""
        return (
            f"{self.function.name}: version {live} is live, as {history.rolled_back_by} rolled back. config.yaml "
            f"describes version {wanted}, which was published before the rollback{never}: it is held back, as `up` and "
            f"`deploy` make only newer versions live. To make it live: `awsprov rollback {wanted} -n "
            f"{self.function.name}`."
        )

    def configure(self, aws: Aws, changes: Differences) -> None:
        live, wanted = changes.get("version", (self.version.id, self.version.id))
        if wanted == live:  # a canary was killed, and another version is wanted now
            self._move(aws, live, self.history(aws))
            return
        self._test(aws)
        if self.canary and live.isdigit():
            self._run_canary(aws, live, *self.canary)
        self._move(aws, wanted, self.history(aws).after_deploy(live, wanted).starting_now())
        if self.keep is not None:
            self.delete_versions(aws, self.old_versions(aws, self.keep))

    def _run_canary(self, aws: Aws, live: str, share: float, seconds: float) -> None:
        """Let the new version serve a share of the requests; on any error the live one serves all of them again."""
        new, history = self.version.id, self.history(aws)
        self.on_wait(f"while version {new} serves {share:.0%} of the requests for {seconds:.0f} s")
        self._move(aws, live, history, {new: share})
        try:
            watch(aws, self.function.log_group.id, live, new, seconds)
        except BaseException:
            self._move(aws, live, history)
            raise

    def _test(self, aws: Aws) -> None:
        """Return when the version may go live.

        Raises:
            RejectedError: it does not start, or did not answer the smoke request as expected.
        """
        self.function.wait_until_active(aws, self.version.id)
        then = "`awsprov deploy`" if self.id else "`awsprov up`"  # `deploy` needs what `up` creates after the alias
        if self.start_check:
            self.on_wait(f"for version {self.version.id} to start")
            check_start(aws, self.function, self.version.id, then)
        if self.smoke_test:
            self.on_wait(f"for version {self.version.id} to answer the smoke request")
            self.smoke_test.send(aws, self.function, self.version.id, then)

    def _move(self, aws: Aws, version: str, history: AliasHistory, shares: Mapping[str, float] | None = None) -> None:
        aws.lambda_.update_alias(
            FunctionName=self.function.id,
            Name=LIVE,
            FunctionVersion=version,
            Description=str(history),
            RoutingConfig={"AdditionalVersionWeights": shares or {}},
        )

    def old_versions(self, aws: Aws, keep: int) -> list[str]:
        """Return the versions that can be deleted when some older ones are kept; see `old_versions`."""
        alias = self._get(aws)
        history = AliasHistory.parse(alias.get("Description", ""))
        return old_versions(aws, self.function.id, alias.get("FunctionVersion", ""), history, keep)

    def delete_versions(self, aws: Aws, versions: Collection[str]) -> None:
        """Delete versions of the function, to which no alias points."""
        for version in versions:
            self.on_wait(f"deleting version {version}")
            delete_version(aws, self.function.id, version)

    def history(self, aws: Aws) -> AliasHistory:
        """Return the versions that it has pointed to."""
        return AliasHistory.parse(self._get_cached(aws).get("Description", ""))

    def roll_back(self, aws: Aws, version: str = "") -> tuple[str, str]:
        """Point to an earlier version, or forward again to a later one.

        Arguments:
            aws: the clients.
            version: the version to point to; without it, the one that was live before.

        Returns:
            The version that was live, and the one that is live now.

        Raises:
            NoStackError: no version is live, or none was live before.
            UsageError: the version does not exist.
            RejectedError: the version was never live, and does not start.
        """
        live, history = str(self._get_cached(aws).get("FunctionVersion", "")), self.history(aws)
        if not live.isdigit():
            raise NoStackError(f"{self.function.name} has no live version.", remedy="Run `awsprov up` first.")
        known = [v["Version"] for v in published(aws, self.function.id)]
        to = version or self._previous(live, history, known)
        if to not in known:
            raise UsageError(
                f"{self.function.name} has no version {to!r}.",
                why=f"It has {', '.join(known)}.",
                remedy=f"`awsprov history {self.function.name}` lists them.",
            )
        if to != live:
            if int(to) not in history.before and can_check_start(aws, self.function, to):
                check_start(aws, self.function, to, "`awsprov deploy`")
            newest = max(int(number) for number in known)
            moved = history.after_rollback(int(live), int(to), newest, aws.caller_name)
            self._move(aws, to, moved.starting_now())
        return live, to

    def _previous(self, live: str, history: AliasHistory, known: list[str]) -> str:
        """Return the last version that was live before and still exists: with its subnet, a version is deleted."""
        for version in history.before:
            if str(version) in known:
                return str(version)
        name, others = self.function.name, [version for version in known if version != live]
        example = f"Name a version, as in `awsprov rollback {others[-1]} -n {name}`. " if others else ""
        raise NoStackError(
            f"No version of {name} was live before version {live}.",
            why=f"Published: {', '.join(known)}.",
            remedy=f"{example}`awsprov history {name}` lists the versions.",
        )

    def arn(self, aws: Aws) -> str:
        """Return its ARN, which is known before it exists."""
        return aws.arn("lambda", f"function:{aws.physical_name(self.function.name)}:{LIVE}")

    def delete(self, aws: Aws) -> None:
        function, alias = self.id.split(":")
        delete(aws, lambda: aws.lambda_.delete_alias(FunctionName=function, Name=alias), missing=LAMBDA_MISSING)


def _shares(alias: Any) -> dict[str, float]:
    """Return the shares of the requests that other versions serve."""
    return dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})
