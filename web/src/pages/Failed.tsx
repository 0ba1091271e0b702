import { useContext, useState } from "react";
import { api } from "../api/client";
import { useChange } from "../api/hooks";
import type { BootstrapState } from "../api/types";
import { Checklist } from "../components/Checklist";
import { Confirm } from "../components/Confirm";
import { AsOf } from "../components/Elapsed";
import { Fold, Log } from "../components/Log";
import { Notice, ProblemNotice } from "../components/Notice";
import { Prose } from "../components/Prose";
import { Page } from "../components/Shell";

export function Failed({ state, onChanged }: { state: BootstrapState; onChanged(state: BootstrapState): void }) {
    const [isAsking, setAsking] = useState(false);
    const isLive = useContext(AsOf) === undefined;
    const retry = useChange((_: void, key) => api.retry(key), onChanged);
    const cleanUp = useChange((_: void, key) => api.cleanUp(key), onChanged);
    const isBusy = retry.isRunning || cleanUp.isRunning;
    const problem = retry.problem ?? cleanUp.problem;
    const failed = state.phases.find((phase) => phase.phase === state.error?.phase);

    return (
        <Page title="The cluster could not be created"
            lead={failed && <>It stopped at the step “{failed.title}”.</>}>
            <Notice tone="danger" role="alert" title={state.error?.message ?? "The reason is not known."}>
                {state.error?.hint && <Prose text={state.error.hint} />}
            </Notice>
            {problem && <ProblemNotice problem={problem} />}
            <div className="actions">
                {state.actions.includes("clean_up") && (
                    <button type="button" disabled={isBusy} onClick={() => setAsking(true)}>Clean up…</button>
                )}
                {state.actions.includes("retry") && (
                    <button type="button" className="primary" disabled={isBusy} onClick={() => retry.run()}>
                        Try again
                    </button>
                )}
            </div>
            {state.phases.length > 0 && <section className="card"><Checklist state={state} /></section>}
            <Fold title="Log"><Log lines={state.log} label="Log" /></Fold>
            {isAsking && isLive && (
                <Confirm title="Clean up this node?" action="Clean up" onCancel={() => setAsking(false)}
                    onConfirm={() => {
                        setAsking(false);
                        cleanUp.run();
                    }}>
                    <p>
                        The half-built cluster is removed: its daemons, its files on this node, and everything on the
                        disks that were given to it. After that you can begin again.
                    </p>
                </Confirm>
            )}
        </Page>
    );
}
