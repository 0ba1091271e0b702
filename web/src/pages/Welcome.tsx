import type { Loaded } from "../api/hooks";
import type { Disk, Requirement, Requirements, Verdict } from "../api/types";
import { Badge } from "../components/Badge";
import { describe, DiskName } from "../components/DiskChoice";
import { Icon } from "../components/Icon";
import { ProblemNotice } from "../components/Notice";
import { Prose } from "../components/Prose";
import { Page } from "../components/Shell";
import { clock, plural } from "../format";

const words: Record<Verdict, string> = { ok: "Fine", warning: "Could be better", blocking: "Must be changed" };

export function Welcome({ requirements, onNext }: { requirements: Loaded<Requirements>; onNext(): void }) {
    const { value, problem, isLoading, reload } = requirements;
    return (
        <Page step={0} title="Welcome to Aquarium"
            lead="In a few minutes this machine becomes a storage cluster of one node. First a look at whether it is
                fit; nothing is changed before you say so.">
            {problem && <ProblemNotice problem={problem} />}
            {value ? <Findings requirements={value} isStale={problem !== undefined} /> : isLoading && (
                <p className="loading" role="status">Looking at this machine…</p>
            )}
            <div className="actions">
                <p className="actions-note" role="status">
                    {value && (isLoading ? "Checking…" : reasonToWait(value))}
                </p>
                <button type="button" onClick={reload} disabled={isLoading}>Check again</button>
                <button type="button" className="primary" onClick={onNext}
                    disabled={!value?.defaults || value.verdict === "blocking" || problem !== undefined}>
                    Continue
                </button>
            </div>
        </Page>
    );
}

/** Why one can't go on, if one can't. */
function reasonToWait({ rows, verdict, defaults }: Requirements): string {
    const blocking = rows.filter((row) => row.verdict === "blocking");
    if (blocking.length > 0) return `To go on, change: ${blocking.map((row) => row.title).join(", ")}.`;
    if (verdict === "blocking" || !defaults) return "To go on, the machine needs an address and a usable disk.";
    return "";
}

function Findings({ requirements, isStale }: { requirements: Requirements; isStale: boolean }) {
    return (
        <div className={isStale ? "is-stale" : undefined}>
            <section className="card">
                <h2>This machine</h2>
                <ul className="rows" aria-label="Requirements">
                    {requirements.rows.map((row) => <RequirementRow key={row.id} row={row} />)}
                </ul>
            </section>
            <section className="card">
                <h2>Disks</h2>
                <ul className="rows" aria-label="Disks">
                    {requirements.disks.map((disk) => <DiskRow key={disk.path} disk={disk} />)}
                </ul>
                {requirements.disks.length === 0 && <p className="empty">No disk was found.</p>}
            </section>
            <p className="muted small">
                {plural(requirements.disks.filter((disk) => disk.is_usable).length, "usable disk")} ·
                checked at {clock(requirements.checked_at)}
            </p>
        </div>
    );
}

function RequirementRow({ row }: { row: Requirement }) {
    return (
        <li className={`row verdict-${row.verdict}`}>
            <Icon name={row.verdict} />
            <div className="row-main">
                <div className="row-line">
                    <span className="row-title">{row.title}</span>
                    <span className="muted">{row.actual}</span>
                </div>
                {row.verdict === "ok"
                    ? <span className="visually-hidden">{words.ok}</span>
                    : <p className="row-verdict">{words[row.verdict]} · needed: {row.needed}</p>}
                {row.hint && <p className="hint"><Prose text={row.hint} /></p>}
            </div>
        </li>
    );
}

function DiskRow({ disk }: { disk: Disk }) {
    return (
        <li className="row">
            <Icon name="disk" />
            <div className="row-main">
                <div className="row-line">
                    <DiskName disk={disk} />
                    {disk.is_system ? <Badge tone="info">System disk</Badge>
                        : disk.is_usable ? <Badge tone="ok">Usable</Badge> : <Badge tone="plain">Not usable</Badge>}
                </div>
                <p className="muted">{describe(disk)}</p>
                {disk.reasons.map((reason) => <p key={reason} className="hint">{reason}</p>)}
            </div>
        </li>
    );
}
