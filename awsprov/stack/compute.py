"""The builder of the stack, with its key pair and its role, and the libraries that it installs."""

from dataclasses import dataclass

from awsprov.config.function import FunctionConfig
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.iam.permissions import EC2
from awsprov.packaging.bundle import Bundle
from awsprov.resources.compute.build import Build, ProfiledFunction
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.builder_mount import BuilderMount
from awsprov.resources.compute.instances import Image
from awsprov.resources.compute.key_pairs import ExistingKeyPair, KeyPair
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.policy_document import BuilderPolicyDocument
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.identity.boundary import PermissionsBoundary
from awsprov.resources.identity.policies import Policy
from awsprov.resources.identity.roles import InstanceProfile, Role
from awsprov.resources.network.security_groups import ExistingSecurityGroup, SecurityGroup
from awsprov.resources.storage.file_system_policy import FileSystemPolicy
from awsprov.stack.network import Network
from awsprov.stack.storage import Storage

_PLACEHOLDER = "awsprov-placeholder"  # the value of a secret when a handler is imported on the builder


def declare_key_pair(config: Config, stack: Stack) -> KeyPair | ExistingKeyPair:
    """Declare the key pair for SSH sessions with the builder: an existing one if config.yaml names it."""
    given = config.keypair
    if given.name:
        return stack.add(ExistingKeyPair("key-pair", given.name, config.private_key))
    return stack.add(KeyPair("key-pair", config.private_key, given.public_key))


def declare_builder_profile(
    config: Config, storage: Storage, boundary: PermissionsBoundary, stack: Stack
) -> InstanceProfile:
    """Declare the builder's role, and the instance profile that gives the role to it."""
    policy = stack.add(Policy("builder-policy", BuilderPolicyDocument(storage.builder_access_point), boundary))
    role = stack.add(Role("builder-role", EC2, policy, boundary, detach_others=config.detach_others))
    return stack.add(InstanceProfile("builder-instance-profile", role))


def declare_builder(
    config: Config,
    stack: Stack,
    *,
    network: Network,
    storage: Storage,
    key_pair: KeyPair | ExistingKeyPair,
    security_group: SecurityGroup,
    groups: tuple[ExistingSecurityGroup, ...],
    profile: InstanceProfile,
) -> Builder:
    """Declare the builder and its image. It needs the route to the internet from its first boot on."""
    architecture = config.libraries.architecture
    image = stack.add(Image(f"{architecture}-image", architecture))
    return stack.add(
        Builder(
            "builder",
            image,
            config.builder.instance_type,
            key_pair=key_pair,
            subnet=network.builder,
            via=config.builder.jump_host,
            endpoint=network.endpoint,
            groups=groups,
            security_group=security_group,
            profile=profile,
            file_system=storage.file_system,
            when_idle=config.builder.when_idle,
            known_hosts=config.known_hosts,
            after=network.builder_routes,
        )
    )


@dataclass(frozen=True)
class Environments:
    """What functions use of the file system: the libraries, and the files if there are some."""

    libraries: Libraries
    files: PublishedFiles | None


def declare_environments(
    config: Config, stack: Stack, *, storage: Storage, policy: FileSystemPolicy | None, builder: Builder | None
) -> Environments:
    """Declare the environments: the build of the libraries, and what is published.

    The build needs a mount target only for wheels that another builder has built. One after the other uses the builder:
    no handler is imported there while the file system is mounted.
    """
    files = config.file_environment
    mount = BuilderMount(storage.builder_access_point, storage.mount_targets[0], policy)
    build = stack.add(
        Build(
            "library-build",
            builder,
            storage.file_system,
            environment=config.environment,
            python=config.libraries.python,
            profiled=_profiled_functions(config),
            files=files,
            wheels_from=mount if config.environment.lock.sources else None,
        )
    )
    published = stack.add(PublishedFiles("files", build, mount, files)) if files else None
    libraries = stack.add(Libraries("libraries", build, mount, after=(published,) if published else ()))
    return Environments(libraries, published)


def _profiled_functions(config: Config) -> dict[str, ProfiledFunction]:
    """Return the functions whose imports are observed; with placeholders for secrets and the env file's values."""
    functions = config.functions if config.libraries.start_pack else {}
    return {
        name: ProfiledFunction(Bundle(f.source, rules=config.upload_rules(name)), f.handler, _placeholders(f))
        for name, f in functions.items()
    }


def _placeholders(function: FunctionConfig) -> dict[str, str]:
    """Return a function's variables; of what must not leave for the builder, only the names."""
    hidden = dict.fromkeys([*function.all_variables, *function.secrets], _PLACEHOLDER)
    return {**hidden, **function.variables}
