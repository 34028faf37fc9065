"""What goes wrong, by what the caller can do about it."""

from __future__ import annotations

from tenant_quota.client.answers import Answer

#: The server cannot be reached, or has not said whether it did what it was sent. Connector/Python
#: says 2055 of a connection that was lost, the server 4031 of one that it found idle.
LOST = frozenset({2002, 2003, 2006, 2013, 2055, 4031})
#: The call did nothing, and the next one may succeed: a deadlock, a lock wait, a full lock
#: table; an upgrade that is just replacing a procedure (1305 and, by name, 1370).
AGAIN = frozenset({1205, 1206, 1213, 1305, 1370})
#: A group refused the commit, or nobody knows: only a key makes it safe to call again.
AGAIN_WITH_KEY = frozenset({3100})
#: How a kill shows itself; in a call of ours 1105, 1172 and 1329 have no other cause.
KILLED = frozenset({1105, 1172, 1317, 1329})


class QuotaError(Exception):
    """What this client raises; the text is the server's own."""


class InvalidArgument(QuotaError):
    """An argument or a setting of the session is wrong (45001)."""


class KeyReused(QuotaError):
    """This key was used for another amount, product or operation (45002)."""


class ClockPinned(QuotaError):
    """The session has ``SET timestamp`` (45003)."""


class Interrupted(QuotaError):
    """A call was killed half-way; all of the transaction has been rolled back. Do it again."""


class QuotaExceeded(QuotaError):
    """The quota denied the call; ``answer`` says why, and for how long."""

    def __init__(self, answer: Answer) -> None:
        limit = "" if answer.limit_type is None else f" by the {answer.limit_type.value} limit"
        left = "" if answer.remaining is None else f", remaining {answer.remaining}"
        super().__init__(f"{answer.status.value}{limit}{left}")
        self.answer = answer


class HoldLost(QuotaError):
    """A lease or a reservation ended before the work did; ``answer`` says how, if the server did.

    Somebody else may have what it held.
    """

    def __init__(self, what: str, answer: Answer | None = None) -> None:
        said = "its time is over" if answer is None else answer.status.value
        super().__init__(f"the {what} is lost: {said}")
        self.answer = answer


class NobodyCommits(UserWarning):
    """Autocommit is off, and no transaction was begun: without a commit the charge is lost."""


_BY_STATE = {"45001": InvalidArgument, "45002": KeyReused, "45003": ClockPinned}
_BY_WORD = {
    "invalid_argument": InvalidArgument,
    "key_reused": KeyReused,
    "clock_pinned": ClockPinned,
    "interrupted": Interrupted,
    "internal": QuotaError,
}


def code_and_text(error: BaseException) -> tuple[int, str]:
    """Return MySQL's error number and its own words, of any driver's error; -1 for any other."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy's wrapper
    arguments = error.args or (None,)
    code = getattr(error, "errno", arguments[0])
    if code == 0 and type(error).__name__ == "InterfaceError":
        code = 2006  # PyMySQL, of a connection that is closed
    text = getattr(error, "msg", None) or (arguments[1] if len(arguments) > 1 else "")
    return (code if isinstance(code, int) else -1), str(text)


def in_our_words(error: BaseException) -> QuotaError | None:
    """Return the error as one of ours, or None if it is not one of the procedures'.

    Drivers differ in whether they show the SQLSTATE, so the message's first word counts as well.
    """
    code, text = code_and_text(error)
    if code in KILLED or (code == 1305 and "SAVEPOINT" in text):
        return Interrupted(text)
    if code != 1644:  # SIGNAL
        return None
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    kind = _BY_WORD.get(text.partition(":")[0]) or _BY_STATE.get(str(state))
    return None if kind is None else kind(text)


def may_do_again(error: BaseException) -> bool:
    """Whether the caller's transaction may be rolled back and done again, with the same keys.

    Also where nobody knows whether the commit was done, so all of it must bear a repetition.
    """
    code, _ = code_and_text(error)
    return isinstance(error, Interrupted) or code in LOST | AGAIN | AGAIN_WITH_KEY
