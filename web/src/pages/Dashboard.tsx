import type { ReactNode } from "react";
import { api, applianceTime } from "../api/client";
import type { Live } from "../api/hooks";
import type { ClusterStatusResponse, HealthStatus } from "../api/types";
import { useIsOld, useLoaded } from "../api/hooks";
import { Bar } from "../components/Bar";
import type { IconName } from "../components/Icon";
import { Icon } from "../components/Icon";
import { Notice, ProblemNotice } from "../components/Notice";
import { Panel, staleness } from "../components/Panel";
import { bytes, clock, percent, plural, rate } from "../format";
import { ClusterLog, Daemons, Disks, Hosts, OSDs, Processes } from "./Inventory";

export function Dashboard({ live, children }: { live: Live; children?: ReactNode }) {
    const first = useLoaded(api.clusterStatus);
    const status = live.cluster ?? first.value;
    const problem = live.cluster ? live.clusterProblem : live.clusterProblem ?? first.problem;
    return (
        <div className="dashboard">
            <h1>Your cluster</h1>
            {children}
            {problem && <ProblemNotice problem={problem} />}
            {!status && !problem && <p className="loading" role="status">Asking the cluster…</p>}
            {status && <Status status={status} hasFailed={problem !== undefined} />}
            <Hosts />
            <OSDs />
            <Disks />
            <Daemons />
            <Processes />
            <ClusterLog />
        </div>
    );
}

function Status({ status, hasFailed }: { status: ClusterStatusResponse; hasFailed: boolean }) {
    const { freshness, capacity, io } = status;
    const isPast = useIsOld(Date.parse(status.as_of), applianceTime) || hasFailed;
    const mgrMark = staleness(freshness);
    return (
        <div className={isPast ? "is-stale" : undefined}>
            {freshness.is_stale && (
                <Notice tone="warning" title="Some figures are not of this moment">{freshness.reason}</Notice>
            )}
            <HealthPanel status={status} isPast={isPast} />
            <div className="tiles">
                <Panel title="Capacity" mark={mgrMark}>
                    <p className="figure">{bytes(capacity.used_bytes)}
                        <small> of {bytes(capacity.total_bytes)} used</small></p>
                    <Bar role="meter" label="Capacity used" fraction={used(capacity)}
                        text={percent(used(capacity))} />
                    <p className="muted">{bytes(capacity.available_bytes)} available, before copies are counted</p>
                </Panel>
                <Panel title="Activity" mark={mgrMark}>
                    <dl className="pairs">
                        <dt>Read</dt><dd>{rate(io.read_bytes_per_second)}</dd>
                        <dd className="muted">{plural(io.read_ops_per_second, "operation")}/s</dd>
                        <dt>Written</dt><dd>{rate(io.write_bytes_per_second)}</dd>
                        <dd className="muted">{plural(io.write_ops_per_second, "operation")}/s</dd>
                    </dl>
                </Panel>
                <Panel title="Services"><Services status={status} /></Panel>
            </div>
        </div>
    );
}

const used = (capacity: ClusterStatusResponse["capacity"]) =>
    capacity.total_bytes > 0 ? capacity.used_bytes / capacity.total_bytes : 0;

const healthIcons: Record<HealthStatus, IconName> = { ok: "ok", warning: "warning", error: "blocking" };

function HealthPanel({ status, isPast }: { status: ClusterStatusResponse; isPast: boolean }) {
    const { health } = status;
    return (
        <section className={`card health health-${health.status}`} aria-label="Health">
            <Icon name={healthIcons[health.status]} />
            <div>
                <p className="health-summary" role="status">{health.summary}</p>
                {health.checks.map((check) => (
                    <div key={check.code} className="check">
                        <p><strong>{check.message}</strong>{check.is_muted && " (muted)"}</p>
                        {check.explanation && <p>{check.explanation}</p>}
                        <p className="muted small">{check.code}</p>
                    </div>
                ))}
                <p className="muted small">
                    {isPast ? `Last known at ${clock(status.as_of)}` : `As of ${clock(status.as_of)}`}
                    {` · Ceph ${Object.keys(status.versions).join(", ") || "version unknown"}`}
                </p>
            </div>
        </section>
    );
}

function Services({ status }: { status: ClusterStatusResponse }) {
    const { osds, monitors, manager } = status;
    return (
        <dl className="pairs">
            <dt>OSDs</dt><dd>{osds.up} of {osds.total} up</dd><dd className="muted">{osds.in} in</dd>
            <dt>Monitors</dt><dd>{monitors.quorum.length} of {monitors.count}</dd><dd className="muted">in quorum</dd>
            <dt>Manager</dt><dd>{manager.is_available ? "available" : "not available"}</dd>
            <dd className="muted">{plural(manager.standby_count, "standby", "standbys")}</dd>
        </dl>
    );
}
