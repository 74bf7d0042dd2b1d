#!/bin/sh
# sh send.sh URL: the key in KEY, the body on standard input. curl and openssl are enough.
# Prints the answer, and its status on a line of its own. The body is sent as it was signed, byte for byte.
set -eu
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body"
id=${DELIVERY:-msg_$(openssl rand -hex 12)} # the same for the same event, however often
now=$(date +%s)
key=$(printf %s "${KEY#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signature=$({ printf '%s.%s.' "$id" "$now"; cat "$body"; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
curl --silent --show-error --max-time 30 --write-out '\n%{http_code}\n' --data-binary "@$body" \
    -H 'Content-Type: application/json' -H "webhook-id: $id" -H "webhook-timestamp: $now" \
    -H "webhook-signature: v1,$signature" "$1"
