"""A promise is a function that takes a rendering and yields what breaks it; its docstring is its sentence."""

import inspect
from types import ModuleType


def of(module: ModuleType) -> list:
    """The promises of a module, in the order written."""
    found = [thing for thing in vars(module).values() if _is_promise(thing) and thing.__module__ == module.__name__]
    return sorted(found, key=lambda check: check.__code__.co_firstlineno)


def _is_promise(thing) -> bool:
    return inspect.isgeneratorfunction(thing) and list(inspect.signature(thing).parameters) == ["rendering"]
