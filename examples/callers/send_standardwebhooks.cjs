// node send_standardwebhooks.cjs URL: the key in KEY, the body on standard input (npm install standardwebhooks).
"use strict";

const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

async function main() {
  const body = readFileSync(0, "utf8");
  const id = process.env.DELIVERY || `msg_${randomUUID()}`; // the same for the same event, however often
  const now = new Date();
  const answer = await fetch(process.argv[2], {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(process.env.KEY).sign(id, now, body),
    },
  });
  console.log(`${await answer.text()}\n${answer.status}`);
}

main();
