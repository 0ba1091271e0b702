"""From measured values to a table. Each value is the median of the rounds; the ratio is that of the medians."""
import statistics


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def number(value):
    """Three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Comparison:
    """Rows of one figure each: ours, a peer's, and ours in proportion to it."""

    def __init__(self, ours, peer):
        self.ours, self.peer = ours, peer
        self.rows = []

    def add(self, figure, ours, peer):
        """Takes the values of all rounds; peer may be empty where there is nothing to compare with."""
        self.rows.append((figure, statistics.median(ours), statistics.median(peer) if peer else None, spread(ours), spread(peer)))

    def print(self):
        table(
            ["", self.ours, self.peer, "ratio", "rounds", "peer's"],
            [[figure, number(ours), number(peer) if peer else "", f"{ours / peer:.2f}×" if peer else "", *rounds]
             for figure, ours, peer, *rounds in self.rows])


def spread(values):
    return f"{number(min(values))}–{number(max(values))}" if len(values) > 1 else ""


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)
