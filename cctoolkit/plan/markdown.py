"""A plan for a merge request: a heading and a table for each node; names can write no markup of their own. Pure."""

from cctoolkit.flow.prove_explain import plain
from cctoolkit.plan.changes import Change, Plan
from cctoolkit.plan.explain import beside, danger, effect, impacts, named, objects, refused, title, values, warnings


def markdown(plan: Plan) -> str:
    """Return the plan; what is dangerous is bold."""
    if plan.empty:
        return f"### {plain(plan.node)}: nothing to change"
    lines = [f"### {plain(plan.node)}: release {plan.release_now} → {plan.release_new}", ""]
    lines += [f"- **{plain(text)}**" for text in (*warnings(plan), *refused(plan))]
    if plan.changes:
        lines += ["", "| what | change | does |", "|---|---|---|"]
    for group in objects(plan):
        lines.append(f"| {plain(title(group))} | {'<br>'.join(map(plain, values(group)))} | {_does(plan, group)} |")
    for one in beside(plan):
        lines.append(f"| {plain(named(one))} |  | **{plain(danger(one))}** |")
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def _does(plan: Plan, group: list[list[Change]]) -> str:
    found = impacts(plan, group)
    return "<br>".join(f"**{plain(danger(one))}**" if one.class_.dangerous else plain(effect(one)) for one in found)
