// node send_crypto.cjs URL: the key in KEY, the body on standard input. What node has is enough.
"use strict";

const { createHmac, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");

async function main() {
  const body = readFileSync(0);
  const id = process.env.DELIVERY || `msg_${randomUUID()}`; // the same for the same event, however often
  const now = Math.floor(Date.now() / 1000);
  const key = Buffer.from(process.env.KEY.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${now}.`).update(body).digest("base64");
  const answer = await fetch(process.argv[2], {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(now),
      "webhook-signature": `v1,${signature}`,
    },
  });
  console.log(`${await answer.text()}\n${answer.status}`);
}

main();
