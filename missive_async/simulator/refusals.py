"""Refusals: the status and the text that Missive answers when it does not do what it was asked."""

NO_SUCH_TOKEN = "Authentication token is invalid or has been revoked"  # noqa: S105  # a text, not a token
NO_MAILBOX = "You need to paginate at least one mailbox"
BAD_IDS = "Invalid resource ID(s)"
NOT_FOUND = "Not found"


class Refusal(Exception):
    """Ends a request with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def invalid(message: str) -> Refusal:
    """Return a refusal of what was sent."""
    return Refusal(400, message)


def missing() -> Refusal:
    """Return a refusal for want of the record."""
    return Refusal(404, NOT_FOUND)
