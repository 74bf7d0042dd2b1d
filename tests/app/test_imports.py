"""What a function loads before its first event: nothing that only another function needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LATER = (
    "boto3",
    "botocore.client",
    "requests",
    "chalicelib.adapters.secrets",
    "chalicelib.web.request_body",
    "chalicelib.web.schemas",
)


def test_app_loads_neither_aws_nor_models_nor_http() -> None:
    code = f"import sys, app; print([name for name in {LATER!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_start_stops_nowhere_to_look_for_garbage() -> None:
    """What it makes stays: Python would look through all of it again and again."""
    code = (
        "import gc, chalicelib\n"
        "def collections(): return sum(each['collections'] for each in gc.get_stats())\n"
        "before = collections()\n"
        "import app, boto3, chalicelib.adapters.secrets, chalicelib.service.engine.work\n"
        "print(collections() - before)"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "0"
