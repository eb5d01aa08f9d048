"""English."""

WORDS = {
    "page.title": "{title}: report",
    "page.client": "Client",
    "page.period": "Period",
    "page.time_zone": "Time zone",
    "page.releases": "Releases",
    "page.made": "Made",
    "page.none": "none",
    "head.figures": "Service level and waiting",
    "head.outcomes": "What became of the calls",
    "head.by_queue": "By queue",
    "head.calls": "Calls",
    "head.formulas": "How the figures are computed",
    "card.all": "All calls",
    "card.target": "target {ratio} within {seconds}",
    "card.no_target": "no target set",
    "card.no_calls": "no calls",
    "card.offered": "offered {count}",
    "card.longest": "longest {seconds}",
    "state.met": "on target",
    "state.missed": "below target",
    "chart.service_level": "Service level by queue",
    "chart.service_level.note": "Bar: share answered in time. Line across it: the queue's target.",
    "chart.average_wait": "Average wait by queue",
    "chart.average_wait.note": "How it is counted: {formula}.",
    "column.outcome": "Outcome",
    "column.calls": "Calls",
    "column.share": "Share",
    "column.queue": "Queue",
    "column.offered": "Offered",
    "column.total": "Total",
    "column.time": "Time",
    "column.number": "Number called",
    "column.caller": "Caller",
    "column.steps": "Steps",
    "column.wait": "Wait",
    "column.talk": "Talk",
    "column.wrap_up": "Wrap-up",
    "caller.withheld": "withheld",
    "metric.service_level": "Service level",
    "metric.average_wait": "Average wait",
    "outcome.answered": "Answered",
    "outcome.abandoned": "Abandoned",
    "outcome.timeout": "Timed out",
    "outcome.full": "Queue full",
    "outcome.no_agents": "No agents",
    "outcome.exit_key": "Left by key",
    "outcome.continued": "Answered, then continued",
    "outcome.withdrawn": "Withdrawn",
    "outcome.ended_in_flow": "Ended in the menu or a message",
    "outcome.unfinished": "End not seen",
    "formula.service_level.default": (
        "answered within the target ÷ (answered + abandoned, without short abandons)"
    ),
    "formula.service_level.of_offered": "answered within the target ÷ (answered + abandoned)",
    "formula.service_level.of_answered": "answered within the target ÷ answered",
    "formula.service_level.late_abandons": (
        "answered within the target ÷ (answered + abandoned after the target)"
    ),
    "formula.service_level.abandon_in_time": (
        "(answered + abandoned, both within the target) ÷ (answered + abandoned)"
    ),
    "formula.average_wait.answered": "waiting time of answered calls ÷ answered calls",
    "formula.average_wait.all": "waiting time of all who left the queue ÷ their number",
    "formula.average_wait.abandoned": "waiting time of abandoned calls ÷ abandoned calls",
    "note.boundary": "A wait equal to the target is within the target.",
    "note.short": "Short abandons, callers who gave up in under {seconds}: {count}.",
    "note.unit": (
        "A row of a queue counts visits to that queue: a call that went through two queues is in both. "
        "“All calls” counts each call once: its wait is the sum of its waits, its target the first queue's."
    ),
    "note.test": "Test calls are in no figure.",
    "note.near.none": "No call stands so close to the target that the precision of measurement could decide.",
    "note.near.some": (
        "Calls so close to the target that the precision of measurement could decide: {count}. "
        "The number answered in time may be off by that many."
    ),
    "note.many": "The list is left out: {count} calls, more than {limit}.",
    "note.masked": "Of the caller's number the last four digits are shown.",
}
