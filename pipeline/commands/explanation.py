"""An account of a day as a page at a terminal."""

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.events.days import ClaimLine, Step
from pipeline.explaining.account import Account
from pipeline.explaining.difference import Difference, Value
from pipeline.explaining.sentences import sentence
from pipeline.money import dollars
from pipeline.terminal import plain


def show(found: Account) -> None:
    """Print the page: each line with its steps, what was found, the totals, and where the rules are stated."""
    console = Console(highlight=False)
    numbers = {name: number for number, name in enumerate(found.sources, 1)}
    lines = [explained.line for explained in found.lines]
    console.print(Text.assemble(("Patient ", "bold"), plain(found.patient_id), (" on ", "bold"), found.service_date))
    minutes, units = found.minutes, found.units
    console.print(
        f"{minutes.timed} timed and {minutes.untimed} untimed minutes; {units.timed} timed and {units.untimed} untimed "
        "units"
    )
    for explained in found.lines:
        console.print()
        console.print(_heading(explained.line))
        _show_steps(console, explained.steps, lines, numbers)
    if found.steps:
        console.print("\n[bold]Before the lines[/]")
        _show_steps(console, found.steps, lines, numbers)
    if found.findings:
        console.print("\n[bold]Findings[/]")
        for finding in found.findings:
            of = " ".join(part for part in (finding.payer_id, finding.discipline, finding.code) if part)
            console.print(
                Text.assemble((f"  {finding.kind} ", "yellow"), plain(f"{of}: " if of else ""), finding.message)
            )
    for counted in found.totals:
        console.print(f"\n[bold]Total {counted.total.bucket} {counted.total.year}[/]")
        _show_steps(console, counted.steps, lines, numbers)
    if found.sources:
        console.print("\n[bold]Sources[/]")
    for name, source in found.sources.items():
        link = f"\n      {source.link}" if source.link else ""
        console.print(Text(f"  [{numbers[name]}] {source.title}{link}", style="dim"), soft_wrap=True)


def _heading(line: ClaimLine) -> Text:
    amount = "no amount" if line.allowed_cents is None else dollars(line.allowed_cents)
    name = " ".join([line.code, *line.modifiers])
    return Text.assemble(
        plain(f"{line.payer_id} {line.discipline} "),
        (name, "bold"),
        f"  {line.minutes} min, {line.units} x, ",
        (amount, "bold"),
    )


def _show_steps(console: Console, steps: Sequence[Step], lines: Sequence[ClaimLine], numbers: dict[str, int]) -> None:
    for number, step in enumerate(steps, 1):
        text = plain(f"  {number}. {sentence(step, lines)}")
        if step.source in numbers:
            text.append(f" [{numbers[step.source]}]", "dim")
        console.print(text)


def show_differences(date: str, found: Sequence[Difference], *, there: bool) -> None:
    """Print what other rules would change, a row each."""
    if not there:
        typer.echo("Nothing is billed for this patient on that date, now or by the other rules.")
        return
    console = Console()
    if not found:
        console.print(f"{date}: nothing differs.", highlight=False)
        return
    table = Table(title=f"What would change on {date}", title_justify="left")
    table.add_column("of", overflow="fold")
    table.add_column("what")
    table.add_column("now", justify="right", overflow="fold")
    table.add_column("then", justify="right", overflow="fold")
    for one in found:
        table.add_row(plain(one.about), one.name.removesuffix("_cents"), _value(one, one.now), _value(one, one.then))
    console.print(table)


def _value(of: Difference, value: Value) -> Text:
    if value is None:
        return Text("-", style="dim")
    return plain(dollars(value) if of.name.endswith("_cents") and isinstance(value, int) else str(value))
