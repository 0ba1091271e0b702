import { api } from "../api/client";
import { useIsOld, useLoaded } from "../api/hooks";
import type { Child, Daemon, Device, Host, LogEntry, OSD } from "../api/types";
import { Badge } from "../components/Badge";
import { Elapsed } from "../components/Elapsed";
import { Fold, Log } from "../components/Log";
import { ProblemNotice } from "../components/Notice";
import { LoadedPanel } from "../components/Panel";
import type { Column } from "../components/Table";
import { Table } from "../components/Table";
import { bytes, clock, percent } from "../format";

/** The panels of the dashboard that list what the cluster is made of, each loaded by itself. */
const interval = 10_000;

const hostColumns: Column<Host>[] = [
    { title: "Name", cell: (host) => <strong>{host.name}</strong> },
    { title: "Address", cell: (host) => host.address },
    { title: "Labels", cell: (host) => host.labels.join(", ") || "—" },
    { title: "State", cell: ({ status }) => <Badge tone={status ? "danger" : "ok"}>{status || "fine"}</Badge> },
];

export function Hosts() {
    return (
        <LoadedPanel title="Hosts" loaded={useLoaded(api.hosts, interval)}>
            {({ hosts }) => <Table label="Hosts" columns={hostColumns} rows={hosts} rowKey={(host) => host.name}
                empty="The cluster has no host." />}
        </LoadedPanel>
    );
}

const osdColumns: Column<OSD>[] = [
    { title: "OSD", cell: (osd) => <strong>osd.{osd.id}</strong> },
    { title: "Host", cell: (osd) => osd.host ?? "—" },
    { title: "Class", cell: (osd) => osd.device_class ?? "—" },
    {
        title: "State",
        cell: (osd) => (
            <Badge tone={osd.is_up && osd.is_in ? "ok" : "danger"}>
                {osd.is_up ? "up" : "down"}, {osd.is_in ? "in" : "out"}
            </Badge>
        ),
    },
    { title: "Size", isNumber: true, cell: (osd) => bytes(osd.total_bytes) },
    {
        title: "Used", isNumber: true,
        cell: (osd) => osd.total_bytes > 0 ? percent(osd.used_bytes / osd.total_bytes) : "—",
    },
];

export function OSDs() {
    return (
        <LoadedPanel title="OSDs" loaded={useLoaded(api.osds, interval)}>
            {({ osds }) => <Table label="OSDs" columns={osdColumns} rows={osds} rowKey={(osd) => osd.id}
                empty="The cluster has no OSD: nothing can be stored." />}
        </LoadedPanel>
    );
}

const deviceColumns: Column<Device>[] = [
    { title: "Disk", cell: (device) => <strong>{device.path}</strong> },
    { title: "Host", cell: (device) => device.host },
    { title: "Kind", cell: (device) => [device.type, device.vendor, device.model].filter(Boolean).join(" ") },
    { title: "Size", isNumber: true, cell: (device) => bytes(device.size_bytes) },
    {
        title: "Use",
        cell: (device) => device.is_available
            ? <Badge tone="info">free</Badge>
            : <span className="muted">{device.rejected_reasons.join(", ") || "—"}</span>,
    },
];

export function Disks() {
    return (
        <LoadedPanel title="Disks" loaded={useLoaded(api.devices, interval)}>
            {({ devices }) => <Table label="Disks" columns={deviceColumns} rows={devices}
                rowKey={(device) => device.host + device.path} empty="The orchestrator has seen no disk yet." />}
        </LoadedPanel>
    );
}

const daemonColumns: Column<Daemon>[] = [
    { title: "Daemon", cell: (daemon) => <strong>{daemon.name}</strong> },
    { title: "Host", cell: (daemon) => daemon.host },
    {
        title: "State",
        cell: ({ status }) => <Badge tone={status === "running" ? "ok" : "danger"}>{status}</Badge>,
    },
    { title: "Version", cell: (daemon) => daemon.version ?? "—" },
    { title: "Memory", isNumber: true, cell: (daemon) => daemon.memory_bytes ? bytes(daemon.memory_bytes) : "—" },
    {
        title: "Runs for", isNumber: true,
        cell: (daemon) => daemon.started_at ? <Elapsed since={daemon.started_at} /> : "—",
    },
];

export function Daemons() {
    return (
        <LoadedPanel title="Daemons" loaded={useLoaded(api.daemons, interval)}>
            {({ daemons }) => <Table label="Daemons" columns={daemonColumns} rows={daemons}
                rowKey={(daemon) => daemon.name} empty="The orchestrator runs no daemon." />}
        </LoadedPanel>
    );
}

const processColumns: Column<Child>[] = [
    { title: "Process", cell: (child) => <strong>{child.name}</strong> },
    {
        title: "State",
        cell: ({ state }) => (
            <Badge tone={state === "running" ? "ok" : state === "crash_loop" ? "danger" : "warning"}>
                {state.replace("_", " ")}
            </Badge>
        ),
    },
    { title: "Since", cell: (child) => <Elapsed since={child.since} /> },
    { title: "Restarts", isNumber: true, cell: (child) => child.restarts },
    { title: "Last exit", cell: ({ last_exit: exit }) => exit ? `${exit.reason}, ${clock(exit.at)}` : "—" },
];

export function Processes() {
    return (
        <LoadedPanel title="The appliance itself" loaded={useLoaded(api.supervisorStatus, interval)}>
            {({ children }) => <Table label="Processes" columns={processColumns} rows={children}
                rowKey={(child) => child.name} empty="The supervisor runs nothing." />}
        </LoadedPanel>
    );
}

const logLine = (entry: LogEntry) => `${clock(entry.at)}  ${entry.level.padEnd(8)}  ${entry.source}  ${entry.message}`;

export function ClusterLog() {
    const { value, at, problem } = useLoaded(api.clusterLog, interval);
    const isPast = useIsOld(at) || problem !== undefined;
    return (
        <Fold title="Cluster log">
            {problem && <ProblemNotice problem={problem} />}
            {value && <div className={isPast ? "is-stale" : undefined}>
                <Log lines={value.entries.map(logLine)} label="Cluster log" />
            </div>}
        </Fold>
    );
}
