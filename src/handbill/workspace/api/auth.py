"""Who may call: the App API's Bearer key, the Track API's and Pipelines' Basic credentials. Reference 1.1."""

import base64
import hmac

from starlette.responses import JSONResponse, Response

from handbill.contract.endpoint import Auth, Endpoint
from handbill.workspace.keys import Keys

_BASIC = 'Basic realm="Customer.io edge event collection"'
_URL_SAFE = str.maketrans("-_", "+/")


def allowed(auth: Auth, header: str, keys: Keys) -> bool:
    """Does the `Authorization` header open this API? Compared as bytes, in constant time."""
    if auth is Auth.NONE:
        return True
    scheme, _, credentials = header.partition(" ")
    if auth is Auth.APP:
        given, right = credentials.strip().encode("latin-1"), keys.app_key
    else:
        pair = f"{keys.site_id}:{keys.track_key}" if auth is Auth.TRACK else f"{keys.pipelines_key}:"
        given, right = _decoded(credentials.strip()), pair
    expected = "bearer" if auth is Auth.APP else "basic"
    return scheme.lower() == expected and hmac.compare_digest(given, right.encode())


def _decoded(credentials: str) -> bytes:
    """Either base64 alphabet, with or without padding (reference 17.4); nothing when it is neither."""
    text = credentials.translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def refusal(endpoint: Endpoint) -> Response:
    """The 401, to the letter: clients read it, and missing and wrong credentials look the same."""
    if endpoint.auth is Auth.APP and not endpoint.path.startswith("/v1/send/"):
        return JSONResponse({"errors": [{"detail": "unauthorized", "status": "401"}]}, 401)
    headers = {"WWW-Authenticate": _BASIC} if endpoint.auth is Auth.TRACK else None
    return JSONResponse({"meta": {"error": "Unauthorized request"}}, 401, headers)
