"""Makes docs/recording-erasure.md: a person is erased on a local stack of its own, by the real commands.

.venv/bin/python -m docs.generate.recording_erasure            runs them and writes the page
.venv/bin/python -m docs.generate.recording_erasure --show     writes to standard output instead

What differs from run to run is replaced, see docs/generate/recording.py.
tests/stack/test_recording_erasure.py replays the same steps and looks at what they did.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from cli.operator_api import OperatorApi
from docs.generate.recording import SECONDS, Recording, named, plain, receipts, written
from local import demo_erasure
from local import record as records_of
from local.filling import SOURCE
from local.running import RunningStack
from local.settings import ROOT, Settings

PAGE = ROOT / "docs" / "recording-erasure.md"
IDENTITY: dict[str, list[str]] = {**demo_erasure.ANNA, "phones": ["+43 660 1234567"]}
#: The exit code of a command whose deletion has not ended yet.
NOT_ENDED = 6
#: What is said before the commands of each part, which begins with the command of that number.
LOOK = """\
Ann writes the values that she knows of the person into a file, so that they stay out of her shell's history.
She looks first: a dry run searches all modules, and nothing is touched.
"""
ASK = "Then she asks for it. It waits for somebody else, who approves exactly this map.\n"
APPROVE = "Bob looks at the map with his own credentials, and approves it.\n"
DONE = """\
Now it is done: links first, then records; then the person is looked for twice. What was deleted goes from
Zoho's recycle bin at once, as `--permanent-after 0h` asks for.
"""
RECEIPT = """\
A minute later the receipt is there. It is checked without Expunge and without AWS, and holds nothing of the
person.
"""
PARTS = ((0, LOOK), (2, ASK), (3, APPROVE), (5, DONE), (7, RECEIPT))
INTRODUCTION = """\
# A recording: a person is erased

*Tutorial for operators.*

Made by `docs/generate/recording_erasure.py`, which runs these commands on a local stack with the Zoho
simulator and writes down what they say. Ids, keys, times and hashes are replaced. The test
`tests/stack/test_recording_erasure.py` replays it and looks at Zoho: the person's records are gone, also from
the recycle bin, those of four others with values like theirs are as they were, and neither address nor number
stands in anything that was said or written. What each step means is in [ERASURE.md](ERASURE.md).
"""


def record(stack: RunningStack, directory: Path) -> Recording:
    """All steps, on a stack that runs. `directory` gets the identity's file and the receipt."""
    ann = Recording(stack, directory)
    records_of.describe(_made(directory / ".local"), stack.described)
    records_of.describe(_made(directory / "bob"), {**stack.described, "credentials": _user(stack, "bob")})
    bob = {"LOCAL_DIR": str(directory / "bob")}
    demo_erasure.fill(stack)
    _allow_operators(stack)
    (directory / "anna.json").write_text(json.dumps(IDENTITY) + "\n", encoding="utf-8")
    ann.run("cat anna.json")
    ann.run("expunge erase --identity anna.json --dry-run")
    ann.run("expunge erase --identity anna.json --reference DSR-17 --permanent-after 0h")
    deletion = named(ann.said[-1])
    ann.run(f"expunge show {deletion} --map", bob)
    found = re.search(r"expunge approve .+", ann.said[2].replace("\\\n", ""))
    if found is None:
        raise RuntimeError(f"it did not say how it is approved: {ann.said[2]}")
    ann.run(found[0], bob)
    ann.run(f"expunge watch {deletion}")
    children = _children(stack, deletion)
    ann.run(f"expunge show {deletion}")
    receipts(stack, {deletion, *children})
    ann.run(f"expunge receipt {deletion} --output DSR-17")
    ann.run("expunge receipt verify DSR-17")
    return ann


def _made(directory: Path) -> Settings:
    directory.mkdir()
    return Settings(directory)


def _user(stack: RunningStack, name: str) -> dict[str, str]:
    """The credentials of a second operator."""
    iam = stack.client("iam")
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


def _allow_operators(stack: RunningStack) -> None:
    """An entry for what operators send: an erasure has to be named in it."""
    secrets = stack.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId=stack["sources_secret"])["SecretString"])
    entry = {**held[SOURCE], "keys": [], "operations": ["erase_person"], "permanent_min_days": 0}
    held["operator"] = entry
    secrets.put_secret_value(SecretId=stack["sources_secret"], SecretString=json.dumps(held))


def _children(stack: RunningStack, deletion: str) -> list[str]:
    """What is deleted for good, once all of it has ended."""
    api = OperatorApi(stack["api_url"], stack["region"], stack.aws.session().get_credentials())

    def ended() -> list[str] | None:
        stack.wake("poll")
        made = api.deletion(deletion)["recycle_bin"]["deletions"]
        return [each["id"] for each in made] if {each["status"] for each in made} == {"completed"} else None

    limit = time.monotonic() + SECONDS
    while (found := ended()) is None:
        if time.monotonic() > limit:
            raise RuntimeError("it has not gone for good in time")
        time.sleep(0.5)
    return found


def page(shell: Recording) -> str:
    """The page: its parts, each with what is said before it."""
    ends = [begin for begin, _ in PARTS[1:]] + [len(shell.said)]
    blocks = [
        f"{words}\n```console\n{_shown(shell, shell.said[begin:end])}\n```\n"
        for (begin, words), end in zip(PARTS, ends, strict=True)
    ]
    return "\n".join([INTRODUCTION, *blocks])


def _shown(shell: Recording, said: list[str]) -> str:
    text = plain(shell, said)
    for pattern, becomes in (
        (r"\b[0-9a-f]{64}\b", "5f1c" * 16),
        (re.escape(shell.stack["api_url"]), "https://stage.example/"),
        (r"token=[\w-]+", "token=..."),
        (r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(\n +)[0-9:]{8}Z", r"2026-11-22\g<1>18:46:01Z"),
    ):
        text = re.sub(pattern, becomes, text)
    return text


def main(arguments: list[str]) -> int:
    """Makes the page; 0 where every command ended as it should."""
    return written(arguments, PAGE, record, page, NOT_ENDED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
