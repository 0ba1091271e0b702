import type { ReactNode } from "react";
import { useContext, useEffect, useRef, useState } from "react";
import type { Live, Unknown } from "./api/hooks";
import { useLive } from "./api/hooks";
import { AsOf } from "./components/Elapsed";
import { Notice, ProblemNotice } from "./components/Notice";
import { Page, Shell } from "./components/Shell";
import { clock, duration } from "./format";
import { Dashboard } from "./pages/Dashboard";
import { Failed } from "./pages/Failed";
import { Progress } from "./pages/Progress";
import { Wizard } from "./pages/Wizard";

export function App() {
    const live = useLive();
    return (
        <Shell connection={live.connection} hostname={live.bootstrap?.choices?.hostname}>
            <AsOf.Provider value={live.connection.isLost ? live.connection.lastHeard : undefined}>
                <Screen live={live} />
            </AsOf.Provider>
        </Shell>
    );
}

/** The bootstrap's state alone decides where a person is, so that a reload resumes there. */
function Screen({ live }: { live: Live }) {
    const { bootstrap, bootstrapUnknown } = live;
    const took = useJustFinished(live);
    if (!bootstrap) {
        return bootstrapUnknown
            ? <Page title="The appliance is not ready"><ProblemNotice problem={bootstrapUnknown.problem} /></Page>
            : <p className="loading" role="status">Connecting to the appliance…</p>;
    }
    if (bootstrap.status === "done") {
        return (
            <Dashboard live={live}>
                {took !== undefined && (
                    <Notice tone="ok" title={`Your cluster is ready. It took ${duration(took)}.`} />
                )}
            </Dashboard>
        );
    }
    return (
        <HeldWhileUnknown unknown={bootstrapUnknown}>
            {bootstrap.status === "none" ? <Wizard onStarted={live.setBootstrap} />
                : bootstrap.status === "failed" ? <Failed state={bootstrap} onChanged={live.setBootstrap} />
                : <Progress state={bootstrap} />}
        </HeldWhileUnknown>
    );
}

/** What depends on the bootstrap's state. While that can't be told it is dimmed, and nothing in it can be pressed. */
function HeldWhileUnknown({ unknown, children }: { unknown?: Unknown; children: ReactNode }) {
    const isUnknown = unknown !== undefined;
    const lost = useContext(AsOf);
    return (
        <AsOf.Provider value={unknown?.since ?? lost}>
            <div className="page-notice">
                {unknown && (
                    <ProblemNotice problem={unknown.problem}>
                        <p>What you see is from {clock(unknown.since)}.</p>
                    </ProblemNotice>
                )}
            </div>
            <fieldset role="presentation" className={isUnknown ? "screen is-stale" : "screen"} disabled={isUnknown}>
                {children}
            </fieldset>
        </AsOf.Provider>
    );
}

/** How long the bootstrap took, in milliseconds, if this page saw it end. */
function useJustFinished({ bootstrap }: Live): number | undefined {
    const sawRunning = useRef(false);
    const [took, setTook] = useState<number>();
    useEffect(() => {
        if (bootstrap?.status === "running") sawRunning.current = true;
        if (bootstrap?.status === "done" && sawRunning.current && bootstrap.started_at && bootstrap.ended_at) {
            setTook(Date.parse(bootstrap.ended_at) - Date.parse(bootstrap.started_at));
        }
    }, [bootstrap]);
    return took;
}
