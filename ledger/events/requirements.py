"""The stream `requirement`: what the beneficiary needs, per capability. Coverage is computed, never stated."""

from ledger.events.header import Event
from ledger.events.values import Amount, Category, EntityId, LongText, Texts, Unit, When, check_quantity


class RequirementEvent(Event, frozen=True, kw_only=True):
    """An act on one requirement, by the beneficiary."""

    requirement: EntityId


class RequirementStated(RequirementEvent, frozen=True, kw_only=True, tag="requirement.stated"):
    """So much of a capability is needed, by then. A capability is a category and the unit it is counted in."""

    title: Texts
    category: Category
    quantity: Amount
    unit: Unit
    needed_by: When | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_quantity(self.quantity)


class RequirementRevised(RequirementEvent, frozen=True, kw_only=True, tag="requirement.revised"):
    """The need is another one, in the same unit."""

    quantity: Amount
    needed_by: When | None = None
    reason: LongText | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_quantity(self.quantity)


class RequirementMet(RequirementEvent, frozen=True, kw_only=True, tag="requirement.met"):
    """The beneficiary says that the need is met, whatever was counted."""

    reason: LongText | None = None
