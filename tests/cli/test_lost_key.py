"""What doctor says where the key that signs evidence is gone, on a KMS that is moto's."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from cli.checks.check import CheckContext
from cli.checks.evidence import evidence
from cli.target import Target
from local import account

GONE = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"


def test_another_key_is_offered_only_where_nothing_was_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not go on with what the lost one has signed: every check would fail from then on."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    with mock_aws():
        clients = account.clients(boto3.Session(region_name="eu-central-1"))
        context = CheckContext(Target("prod", "", "", clients), 0.0)
        settings = {"EXPUNGE_EVIDENCE": "true", "EXPUNGE_EVIDENCE_KEY": GONE, "EXPUNGE_EVIDENCE_BUCKET": "b"}
        context._settings["work"] = settings
        lost, _ = evidence(context).faults
    assert "no receipt can be signed" in lost.what
    assert "REPAIR=1, which makes another where it has signed nothing yet; else" in lost.mend
    assert lost.mend.endswith("make deploy STAGE=prod PARAMETERS=Evidence=false")
