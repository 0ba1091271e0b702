import type { ReactNode } from "react";
import { useContext } from "react";
import type { Loaded } from "../api/hooks";
import { useIsOld } from "../api/hooks";
import type { Freshness } from "../api/types";
import { clock } from "../format";
import { Badge } from "./Badge";
import { AsOf } from "./Elapsed";
import { ProblemNotice } from "./Notice";

/** That what a panel shows is not what is true now. */
export interface Staleness {
    since?: string | number;
    reason?: string;
}

export function staleness(freshness: Freshness | undefined): Staleness | undefined {
    return freshness?.is_stale ? freshness : undefined;
}

/** A part of the dashboard. With a `mark` its content is dimmed, and it says from when it is. */
export function Panel(props: { title: string; mark?: Staleness; children: ReactNode }) {
    const { mark } = props;
    return (
        <section className="card" aria-label={props.title}>
            <div className="panel-head">
                <h2>{props.title}</h2>
                {mark && (
                    <Badge tone="warning" title={mark.reason}>
                        {mark.since ? `from ${clock(mark.since)}` : "out of date"}
                    </Badge>
                )}
            </div>
            <div className={mark ? "is-stale" : undefined}>{props.children}</div>
        </section>
    );
}

/** A panel whose content is loaded again and again. If that fails or takes long the last content stays, marked so. */
export function LoadedPanel<T extends object>(props: {
    title: string; loaded: Loaded<T>; children(value: T): ReactNode;
}) {
    const { value, at, problem } = props.loaded;
    const isPast = useIsOld(at) || problem !== undefined;
    const asOf = useContext(AsOf);
    if (value === undefined) {
        return (
            <Panel title={props.title}>
                {problem ? <ProblemNotice problem={problem} /> : <p className="loading">Loading…</p>}
            </Panel>
        );
    }
    const mark = isPast
        ? { since: at, reason: problem?.detail } : staleness((value as { freshness?: Freshness }).freshness);
    return (
        <Panel title={props.title} mark={mark}>
            {problem && <p className="hint">{problem.detail}</p>}
            <AsOf.Provider value={isPast ? at : asOf}>{props.children(value)}</AsOf.Provider>
        </Panel>
    );
}
