"""The entry points: HTTP routes, the queue's consumer, two schedules. Each hands over in one line."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, ConvertToMiddleware, SQSEvent

from chalicelib import bootstrap, handlers, observability
from chalicelib.web import operator_routes, routes

app = Chalice(app_name=observability.SERVICE, configure_logs=False)
app.register_middleware(ConvertToMiddleware(observability.invocation))
routes.register(app, bootstrap.public_endpoints)
routes.register_signed(app, operator_routes.OPERATOR, bootstrap.operator_endpoints, "operator")
routes.register_signed(app, operator_routes.POLICIES, bootstrap.policy_endpoints, "policies")
routes.register_signed(app, operator_routes.PEOPLE, bootstrap.person_endpoints, "people")


@app.on_sqs_message(queue="expunge-work", name="work")
def work(event: SQSEvent) -> dict[str, Any]:
    """Moves forward the deletions that messages name."""
    return handlers.work_batch(event.to_dict(), event.context)


@app.schedule("rate(1 minute)", name="poll")
def poll(event: CloudWatchEvent) -> dict[str, float]:
    """Moves forward what is due, whether or not a message came."""
    return handlers.poll_once(event.context)


@app.schedule("rate(5 minutes)", name="retention")
def retention(event: CloudWatchEvent) -> dict[str, int]:
    """Starts the retention runs that are due."""
    return handlers.start_due_runs(event.context)


@app.schedule("rate(1 minute)", name="write_evidence")
def evidence(event: CloudWatchEvent) -> dict[str, float]:
    """Writes receipts for what has ended, and the head that names them."""
    return handlers.write_evidence(event.context)
