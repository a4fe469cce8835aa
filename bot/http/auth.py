"""Who may use the API: the local operator, by bearer token."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from adapters.operator import OPERATOR
from bot.http.problems import Problem
from core.errors import ConfigurationError
from core.models import Person

CHALLENGE = 'Bearer realm="flowmate"'

_bearer = HTTPBearer(
    scheme_name="bearerAuth",
    description="The operator's token: FLOWMATE_OPERATOR_TOKEN, or else the content of `operator.token` in the "
    "data folder.",
    auto_error=False,
)


class Operator:
    """Compares the request's token with the operator's, in constant time."""

    def __init__(self, token: str) -> None:
        if not token:
            # An empty token would let in whoever sends none.
            raise ConfigurationError(
                "The operator's token is empty: delete operator.token in the data folder, and a new one is made."
            )
        self._token = token.encode()

    def signed_in(self, headers: Headers) -> bool:
        """Whether the request carries the operator's token."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), self._token)

    def require(self, headers: Headers) -> Person:
        """The operator, or a 401 that says where the token is."""
        if not self.signed_in(headers):
            raise self.refusal(headers)
        return OPERATOR

    def refusal(self, headers: Headers) -> Problem:
        """The 401, with the challenge of RFC 6750."""
        wrong = "authorization" in headers
        head = "This is not the operator's token." if wrong else "This needs the operator's token."
        return Problem(
            401,
            f"{head} Send it as `Authorization: Bearer …`. It is FLOWMATE_OPERATOR_TOKEN, or else the content of "
            "operator.token in the data folder.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"' if wrong else CHALLENGE},
        )


def _require(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Person:
    # The scheme above only describes: it would take a token that is compared in another place.
    operator: Operator = request.app.state.operator
    return operator.require(request.headers)


Asker = Annotated[Person, Security(_require)]
"""A route's parameter: the operator, or a 401."""
