"""The doors: one route, one queue consumer, two schedules. Each hands over in one line."""

from chalice import Chalice

app = Chalice(app_name="expunge", configure_logs=False)


@app.route("/v1/sources/{source}/deletions", methods=["POST"])
def receive(source):
    return {}


@app.on_sqs_message(queue="expunge-work", name="work")
def work(event):
    return {"batchItemFailures": []}


@app.schedule("rate(1 minute)", name="poll")
def poll(event):
    return {}


@app.schedule("rate(5 minutes)", name="retention")
def retention(event):
    return {}
