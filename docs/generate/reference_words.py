"""Words of docs/REFERENCE.md that no line of the code has: fields of an org, variables of the commands."""

from __future__ import annotations

#: Field of an org's secret: (default, what it means). The table takes each field that the code knows.
OF_AN_ORG = {
    "client_id": ("", "required; the self client's id, `1000.` and more"),
    "client_secret": ("", "required"),
    "refresh_token": ("", "required; `expunge setup` makes it of a grant code"),
    "data_center": ("`us`", "`us`, `eu`, `in`, `au`, `jp`, `cn`, `ca` or `sa`"),
    "environment": ("`production`", "`production`, `sandbox` or `developer`"),
    "api_version": ("`v7`", "`v2` to `v8`; what is about the recycle bin goes to v8, whatever stands here"),
    "concurrency": ("10", "calls to Zoho at the same time, 1 to 100"),
    "lane": ("`org`", "what one mass delete at a time is counted by: `org`, `module` or `view`"),
    "keep_credits": ("0", "credits of the day that deletions leave to others; a source may have its own"),
    "accounts_url": ("", "another host, where the stage has `EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS`"),
    "api_url": ("", "the same for the API"),
}

#: Variable of the shell: (whose it is, what it means). What `make` hands on and what `expunge` reads.
OF_THE_SHELL = {
    "AWS_PROFILE": ("all", "whose credentials are used; each other variable of AWS's works too"),
    "AWS_REGION": ("all", "the region of the stage"),
    "EXPUNGE_SOURCE": ("`send`, `erase`", "the source, where `--source` names none"),
    "EXPUNGE_KEY": ("`send`, `erase`", "the source's key; with `EXPUNGE_URL` no AWS credentials are needed"),
    "EXPUNGE_URL": ("`send`", "the service's address, where `--url` names none"),
    "EXPUNGE_TIME_ZONE": ("`list`, `audit export`, `holds set`", "the zone of days, and of times shown"),
    "ZOHO_CLIENT_SECRET": ("`setup`", "the self client's secret, instead of the prompt"),
    "ZOHO_GRANT_CODE": ("`setup`", "the code, instead of the prompt"),
    "ZOHO_REFRESH_TOKEN": ("`setup`", "a refresh token that is there already, instead of a code"),
    "XDG_RUNTIME_DIR": ("`dashboard`", "where the page that opens the browser lies for a moment"),
    "LOCAL_DIR": ("`make up`, all", "the folder of a local stack (`.local`)"),
    "ZOHO_URL": ("`make up`", "another Zoho than the simulator"),
    "PORT": ("`make up`", "the port of the local AWS; any free one"),
    "COMPANY": ("`make up`", "`no`: without the example company"),
    "STAGE": ("`make deploy` and its like", "the stage; `local` for the local stack"),
    "PARAMETERS": ("`make deploy`", "[parameters](#parameters) of the template"),
    "BUCKET": ("`make deploy`", "the bucket of the package, where it is not made"),
    "CONFIRM": ("`make destroy`, `make restore-table`", "the stage's name, instead of typing it"),
    "AT": ("`make restore-table`", "the time to go back to"),
    "BACKUP": ("`make restore-table`", "the backup to go back to"),
    "PYTHON": ("`make setup`", "the Python that the environments are made with"),
}

#: Variables that are of others, or that nobody sets: no row.
NOT_TOLD = {
    "EXPUNGE_KEYS_REVOKED_AT": "a mark of `keys revoke --now`, which starts new workers; nothing reads it",
    "EXPUNGE_NEXT": "a label of a secret's version, not of the environment",
    "_EXPUNGE_COMPLETE": "set by what `expunge completion` prints",
    "PYENV_ROOT": "pyenv's own",
    "AWS_ACCESS_KEY_ID": "AWS's own",
    "AWS_ENDPOINT_URL": "AWS's own",
    "BIND_HOST": "ministack's own",
    "GATEWAY_PORT": "ministack's own",
    "PATH": "the system's own",
}

ORGS = """## Fields of an org

The secret `expunge/{stage}/zoho/{org}`, which `expunge setup` writes. A field that is not in this table makes
it unusable.

| field | default | means |
|---|---|---|
"""

SHELL = """## Variables of the commands

What `expunge` and `make` read from the shell.

| variable | read by | means |
|---|---|---|
"""

#: Settings of a library, beside our own: in .chalice/config.json as well.
POWERTOOLS = {
    "POWERTOOLS_SERVICE_NAME": "the service's name in logs and metrics",
    "POWERTOOLS_METRICS_NAMESPACE": "the namespace of the metrics; alarms name it",
    "POWERTOOLS_LOG_LEVEL": "the least level that is logged",
}
