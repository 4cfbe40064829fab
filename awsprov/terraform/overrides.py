"""Merges override files of Terraform (`override.tf`, `*_override.tf`) into the other files, as Terraform does.

An argument of an override replaces that of the block with the same header, and its inner blocks replace those of their
kind. (Terraform's documentation, "Override Files")
"""

from pathlib import Path

from awsprov.terraform.hcl import Block, Body


def is_override(file: Path) -> bool:
    """Return whether a file is an override file."""
    return file.stem == "override" or file.stem.endswith("_override")


def override(whole: Body, body: Body) -> None:
    """Merge the blocks of an override file; a block without its like is added.

    Arguments:
        whole: the blocks of the module, which are changed.
        body: those of the override file.
    """
    for block in body.blocks:
        if block.kind == "locals":
            whole.blocks.insert(0, block)  # the first block with a local value counts
            continue
        found = [n for n, each in enumerate(whole.blocks) if (each.kind, each.labels) == (block.kind, block.labels)]
        if found:
            whole.blocks[found[0]] = _merged(whole.blocks[found[0]], block)
        else:
            whole.blocks.append(block)


def _merged(block: Block, other: Block) -> Block:
    replaced = {each.kind for each in other.body.blocks}
    kept = [each for each in block.body.blocks if each.kind not in replaced]
    body = Body({**block.body.attributes, **other.body.attributes}, [*kept, *other.body.blocks])
    return Block(block.kind, block.labels, body, block.file)
