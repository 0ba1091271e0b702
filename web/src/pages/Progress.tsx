import type { BootstrapState } from "../api/types";
import { Bar } from "../components/Bar";
import { Checklist } from "../components/Checklist";
import { Elapsed } from "../components/Elapsed";
import { Fold, Log } from "../components/Log";
import { Page } from "../components/Shell";
import { percent } from "../format";

/** A bootstrap or a clean-up under way. */
export function Progress({ state }: { state: BootstrapState }) {
    const isCleaning = state.status === "cleaning";
    return (
        <Page step={isCleaning ? undefined : 3} title={isCleaning ? "Cleaning up" : "Creating your cluster"}
            lead="You may close this page: the appliance goes on by itself, and the page shows where it is when you come
                back.">
            <p className="visually-hidden" role="status">{isCleaning ? "Cleaning up" : announcement(state)}</p>
            <section className="card">
                <div className="progress-head">
                    <p className="activity">{state.activity ?? "Working…"}</p>
                    <p className="figure">{percent(state.fraction)}</p>
                </div>
                <Bar role="progressbar" label="Overall progress" fraction={state.fraction}
                    text={percent(state.fraction)} />
                {state.started_at && <p className="muted">Elapsed: <Elapsed since={state.started_at} /></p>}
                {!isCleaning && <Checklist state={state} />}
            </section>
            <Fold title="Live log"><Log lines={state.log} label="Live log" /></Fold>
        </Page>
    );
}

/** Said by a screen reader at each new phase; the lines in between would be too much to listen to. */
function announcement({ phases, phase }: BootstrapState): string {
    const index = phases.findIndex((one) => one.phase === phase);
    return index < 0 ? "" : `Step ${index + 1} of ${phases.length}: ${phases[index]!.title}`;
}
