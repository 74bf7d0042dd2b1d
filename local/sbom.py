"""What is in a package, for those who ask for it: a CycloneDX document (version 1.6, JSON).

https://cyclonedx.org/docs/1.6/json/. It holds no time and no random number, so that the same package has the
same document.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local.target import Target
from local.wheels import CHALICE, OF_CHALICE, Wheel

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/expunge")


def text(aim: Target, zip_file: Path, wheels: Iterable[Wheel]) -> str:
    """The document about the package in `zip_file`."""
    digest = hashlib.sha256(zip_file.read_bytes()).hexdigest()
    packed = list(wheels)
    about = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "expunge",
                "name": "expunge",
                "description": f"the package of stage {aim.stage}, for {aim.runtime} on {aim.architecture}",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": [_component(each) for each in packed],
        "dependencies": [
            {"ref": "expunge", "dependsOn": sorted(_purl(each) for each in packed)},
            *({"ref": _purl(each), "dependsOn": _needs(each, packed, aim)} for each in packed),
        ],
    }
    return json.dumps(about, indent=2) + "\n"


def _purl(wheel: Wheel) -> str:
    return f"pkg:pypi/{wheel.name}@{wheel.version}"


def _component(wheel: Wheel) -> dict[str, Any]:
    """The hash is that of the wheel: the one that the lock has."""
    headers = wheel.metadata()
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(wheel),
        "name": wheel.name,
        "version": wheel.version,
        "purl": _purl(wheel),
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }
    if licence := _licence(headers):
        found["licenses"] = [licence]
    if wheel.name == CHALICE:
        found["description"] = "packed are " + " and ".join(OF_CHALICE)
    found["properties"] = [{"name": "expunge:wheel", "value": wheel.file.name}]
    return found


def _licence(headers: Any) -> dict[str, Any] | None:
    """As the wheel's author wrote it: an SPDX expression where there is one (PEP 639), else the words."""
    if expression := headers.get("License-Expression"):
        return {"expression": expression[0]}
    classified = [each for each in headers.get("Classifier", []) if each.startswith("License :: ")]
    words = [each for each in headers.get("License", []) if each and "\n" not in each]
    words += [each.rpartition(" :: ")[2] for each in classified]
    return {"license": {"name": words[0]}} if words else None


def _needs(wheel: Wheel, packed: list[Wheel], aim: Target) -> list[str]:
    required = set(wheel.requires(aim))
    return sorted(_purl(each) for each in packed if each.name in required)
