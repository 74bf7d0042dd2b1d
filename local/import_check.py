"""Run by itself, with neither site-packages nor environment: imports modules of an unpacked Lambda package.

Arguments: the directory that holds boto3, the unpacked package, then the names of the modules to import.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

# What the Lambda runtime brings besides the standard library; anything else must be in the package.
RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}


class RuntimeFinder:
    """Finds the runtime's modules in one directory, after everything else was looked at."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's place, where it is one of the runtime's."""
        if name.split(".", maxsplit=1)[0] not in RUNTIME:
            return None
        return PathFinder.find_spec(name, path or [self.directory], target)


def main(runtime: str, package: str, *names: str) -> None:
    """Imports `names`; the first that fails ends the process with its traceback."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, package)
    sys.meta_path.append(RuntimeFinder(runtime))
    for name in names:
        importlib.import_module(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
