"""What the store raises. Every message says what a submitter or an operator can do about it."""


class StoreError(Exception):
    """The store cannot do what was asked."""


class StoreUnavailable(StoreError):
    """The database did not answer, or not in time. Whether a batch was recorded may be unknown.

    Submitting the same bytes again is always safe, and gives the first receipt if they were recorded.
    """


class StoreInconsistent(StoreError):
    """What is stored contradicts itself or what is about to be stored. Nothing was changed; run an audit."""


class UnsafeServer(StoreError):
    """The server or its configuration would break a promise of the ledger."""


class UnknownSchema(StoreError):
    """The tables are missing, or made by a newer version of this software."""


class LogRolledBack(StoreError):
    """The database holds less than, or something else than, what was published. Nothing is published from it."""


class HeadsUnreadable(StoreError):
    """The store of tree heads cannot be read or written, so nothing may be published."""
