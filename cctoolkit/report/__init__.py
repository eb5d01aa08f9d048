"""The report on a project's calls: `material` gathers what it is made of, `build` makes the page."""
