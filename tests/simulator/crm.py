"""A caller of the simulator, as a client of Zoho is one of Zoho."""

from typing import Any

import requests

from simulator import Server

CREDENTIALS = {
    "grant_type": "refresh_token",
    "client_id": "1000.CLIENT",
    "client_secret": "secret",
    "refresh_token": "1000.refresh",
}


class Crm:
    """Calls a simulator over HTTP as a client of Zoho would."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.authorize()

    def token(self, **changes: str) -> requests.Response:
        return self.http.post(
            self.server.url + "/oauth/v2/token", data={**CREDENTIALS, **changes}, timeout=60
        )

    def authorize(self) -> str:
        value = str(self.token().json()["access_token"])
        self.http.headers["Authorization"] = f"Zoho-oauthtoken {value}"
        return value

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """``path`` without a version is v7."""
        prefix = "/crm/" if path.startswith("v") and path[1].isdigit() else "/crm/v7/"
        return self.http.request(method, self.server.url + prefix + path, timeout=60, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> requests.Response:
        return self.call("POST", path, json=json, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.call("DELETE", path, **more)

    def control(self, name: str, body: Any = None) -> Any:
        """Posts a control and returns its answer, which has to be good."""
        response = self.http.post(f"{self.server.url}/_sim/{name}", json=body, timeout=60)
        assert response.status_code == 200, response.text
        return response.json()

    def see(self, name: str) -> Any:
        """Reads a control."""
        return self.http.get(f"{self.server.url}/_sim/{name}", timeout=60).json()

    def advance(self, seconds: float) -> None:
        self.control("clock", {"advance_seconds": seconds})

    def coql(self, query: str, version: str = "v7") -> requests.Response:
        return self.post(f"{version}/coql", {"select_query": query})


def codes(response: requests.Response) -> list[str]:
    """The codes of ``data[]`` or ``recycle_bin[]``, or the one of a bare error object."""
    body = response.json()
    items = body.get("data", body.get("recycle_bin"))
    return [body["code"]] if items is None else [item["code"] for item in items]
