"""From an answer of Zoho's to what it means for us: the one door to the verdict table and its judges.

- `judge_call(kind, reply, ids)`: the call as a whole; where it is ANSWERED,
- `judge_items(kind, reply, ids)`: each id
- `started_job(reply)`: the job's id, after STARTED
- `judge_job(reply)`: how far a job is, for JOB_STATUS
- `counted(reply)`: the number, for COUNT
- `explain(code, operation)`: words for people
"""

from chalicelib.domain.verdict_book import TABLE, explain, find
from chalicelib.domain.verdict_call import counted, judge_call, started_job
from chalicelib.domain.verdict_items import judge_items
from chalicelib.domain.verdict_job import JobReport, JobState, judge_job
from chalicelib.domain.verdict_row import SOURCES, Judgement, Row, Verdict
from chalicelib.domain.verdict_table import JOB_STATES

__all__ = [
    "JOB_STATES",
    "SOURCES",
    "TABLE",
    "JobReport",
    "JobState",
    "Judgement",
    "Row",
    "Verdict",
    "counted",
    "explain",
    "find",
    "judge_call",
    "judge_items",
    "judge_job",
    "started_job",
]
