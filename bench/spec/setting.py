"""How a setting of a run is declared: what it can be, when it has an effect, and what it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field
from enum import StrEnum
from typing import Any

from bench.spec.architectures import ArchitectureName
from bench.spec.limits import OneOf, Range, Words
from bench.spec.methods import MethodNames

Limit = Range | OneOf | Words | ArchitectureName | MethodNames


class Section(StrEnum):
    """The part of the help that a setting is shown in."""

    NETWORK = "Network and data"
    METHODS = "Compression and other methods"
    TRAINING = "Training"


@dataclass(frozen=True)
class Acts:
    """The method that a setting asks for.

    Args:
        method: the name of the method.
        without: what a network is called that is trained without it, where others are trained with it.
        place: ``module:function`` of a function ``(run, steps, sources) -> bench.methods.base.Method``. It is imported when
            a network is trained: reading a run needs no TensorFlow.
    """

    method: str
    without: str
    place: str


@dataclass(frozen=True)
class OtherRun:
    """What a training does with the network of the run that a setting names.

    Args:
        role: what that network is in the record of the training, a field of ``bench.records.schema.TrainingRecord``.
        use: the words before the run's name in a model card, as "learned from".
        refuses: maps the named run and the run itself to what is wrong and what is expected; "" for nothing.
    """

    role: str
    use: str
    refuses: Callable[[Any, Any], str] = lambda *_: ""


def setting(
    help: str,
    limit: Limit | None,
    default: Any = MISSING,
    *,
    section: Section,
    by_arch: bool = False,
    off: Any = MISSING,
    part_of: str | None = None,
    example: str = "",
    flag: str | None = None,
    short: Callable[[Any], str] | None = None,
    words: Callable[[Any], str] | None = None,
    acts: Acts | None = None,
    names_run: OtherRun | None = None,
) -> Any:
    """Declare a field of a run.

    Args:
        section: the part of the help that it is shown in.
        by_arch: where it is left out, take the architecture's own value.
        off: the value without effect. The setting is left out of the run's text at it.
        part_of: the setting without which this one has no effect. Without it, this one is its default.
        example: a value with an effect, for the error where a part of this setting is given without it.
        flag: its command-line option, where that is not its name.
        short: maps a value that has an effect to its part of the folder's name; "" for none.
        words: maps a value that has an effect to what it is called in reports; empty where a name needs no word for it.
        names_run: what the training does with the network of the run that the value names; None where it names none.
        acts: the method that it asks for; None where it asks for none, or is part of one that does.
    """
    metadata = {
        "help": help,
        "limit": limit,
        "section": section,
        "by_arch": by_arch,
        "off": off,
        "part_of": part_of,
        "example": example,
        "flag": flag,
        "short": short,
        "words": words,
        "acts": acts,
        "names_run": names_run,
    }
    return field(default=default, metadata=metadata)


def flag(setting: Field[Any]) -> str:
    """Return the command-line option of a field of a run."""
    return str(setting.metadata["flag"] or "--" + setting.name.replace("_", "-"))
