"""Whether a table of opening hours is open at a local time. Does not know the date: holidays are passed in."""

from ivr.model import HoursTable
from ivr.orders import FlowContext


def is_open(table: HoursTable, context: FlowContext) -> bool:
    """Half-open intervals: open at 09:00, closed at 18:00. A holiday's openings replace its weekday's."""
    if context.opening != "by_hours":
        return context.opening == "always_open"
    openings = table.holidays if context.is_holiday else table.weekdays[context.weekday]
    return any(opening.from_minute <= context.minute < opening.until_minute for opening in openings)
