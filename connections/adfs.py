"""What the refusals of AD FS mean, in one sentence each with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connections.causes import Cause
from connections.errors import ConfigurationError

CODE = re.compile(r"MSIS(\d+)")
UNKNOWN_CLIENT = (
    "The application is not known to AD FS. Compare the client id with the application group in "
    "AD FS Management."
)
UNKNOWN_RESOURCE = (
    "AD FS does not know the environment as a relying party. Check the Environment URL, and that "
    "claims-based authentication is set up for it."
)
# Numbers as AD FS 2016 to 2022 give them; its words are kept for those that are not here.
SENTENCES: Mapping[int, str] = {
    9659: "The user name or password is wrong. Enter both again.",
    9223: UNKNOWN_CLIENT,
    9607: UNKNOWN_CLIENT,
    9602: UNKNOWN_RESOURCE,
    9622: "The client secret is wrong. Enter the one of the application group again.",
    9605: (
        "The application may not ask for the environment. Grant it the permission in the "
        "application group in AD FS Management."
    ),
    9611: "AD FS does not allow this way to sign in. Enable it for the application group.",
}


def refusal(said: str) -> ConfigurationError | None:
    """Return the error for a refusal of AD FS, None if it is none."""
    found = CODE.search(said)
    if found is None:
        return None
    sentence = SENTENCES.get(int(found[1]))
    if sentence is None:
        reason = said.strip().rstrip(".")
        sentence = f"AD FS refused the sign-in: {reason}. Check the connection's sign-in."
    return ConfigurationError(sentence, cause=Cause.SIGN_IN, detail=said)
