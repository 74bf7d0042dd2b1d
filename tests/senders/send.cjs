// A sender in JavaScript with the public package: node send.cjs URL, the key in KEY, the body on standard input.
// Prints the status and the answer. NODE_PATH says where the package lies.
"use strict";

const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

async function main() {
  const body = readFileSync(0, "utf8");
  const id = randomUUID();
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
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
}

main();
