"""What was to be shown, and what was."""
from dataclasses import dataclass


@dataclass
class Row:
    test: str
    must: str
    measured: str
    #: None: nothing is asked of it, or it could not be measured here
    is_ok: bool | None
    #: The part of `is_ok` that no busy machine can change; None: all of it
    counts_hold: bool | None = None

    @property
    def verdict(self):
        return "–" if self.is_ok is None else "ok" if self.is_ok else "NOT"


def print_table(rows):
    print("| test | must show | measured | |\n|---|---|---|---|")
    for row in rows:
        cells = [row.test, row.must, row.measured, row.verdict]
        print("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")


def percentile(values, percent):
    """The nearest rank; None of nothing."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, len(ranked) * percent // 100)] if ranked else None


def ms(seconds):
    return "–" if seconds is None else f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"
