// Made by web/generate-types from the gateway's OpenAPI document. Don't edit: change the declaration.

export interface BootstrapChoices {
    address: string;
    cluster_network?: string;
    disks: ChosenDisk[];
    hostname: string;
    image?: string;
    ntp_servers?: string[];
    public_network?: string;
}

export interface BootstrapFailure {
    hint?: string;
    message: string;
    phase: BootstrapPhase;
}

export type BootstrapPhase = "prepare" | "image" | "bootstrap" | "orchestrator" | "settings" | "osds" | "verify";

export interface BootstrapPlan {
    choices: BootstrapChoices;
}

export interface BootstrapStart {
    choices: BootstrapChoices;
}

export interface BootstrapState {
    actions: BootstrapStateAction[];
    activity?: string;
    choices?: BootstrapChoices;
    ended_at?: string;
    error?: BootstrapFailure;
    fraction: number;
    fsid?: string;
    log: string[];
    phase?: BootstrapPhase;
    phases: PhaseState[];
    started_at?: string;
    status: BootstrapStateStatus;
}

export type BootstrapStateAction = "start" | "retry" | "clean_up";

export type BootstrapStateStatus = "none" | "running" | "cleaning" | "done" | "failed";

export interface Capacity {
    available_bytes: number;
    total_bytes: number;
    used_bytes: number;
}

export interface Child {
    last_exit?: ChildExit;
    name: string;
    pid?: number;
    restarts: number;
    since: string;
    state: ChildState;
}

export interface ChildExit {
    at: string;
    code?: number;
    reason: string;
    signal?: string;
}

export type ChildState = "stopped" | "starting" | "running" | "stopping" | "backoff" | "crash_loop";

export interface ChosenDisk {
    id: string;
    path: string;
    size_bytes: number;
}

export interface ClientIO {
    read_bytes_per_second: number;
    read_ops_per_second: number;
    write_bytes_per_second: number;
    write_ops_per_second: number;
}

export interface ClusterLog {
    lines?: number;
}

export interface ClusterLogResponse {
    entries: LogEntry[];
}

export interface ClusterStatusResponse {
    as_of: string;
    capacity: Capacity;
    freshness: Freshness;
    fsid: string;
    health: Health;
    io: ClientIO;
    manager: Manager;
    monitors: Monitors;
    osds: OSDCounts;
    placement_groups: PlacementGroupCount[];
    services: ServiceCount[];
    versions: Record<string, number>;
}

export interface Daemon {
    host: string;
    memory_bytes?: number;
    name: string;
    refreshed_at?: string;
    started_at?: string;
    status: string;
    type: string;
    version?: string;
}

export interface DaemonsListResponse {
    daemons: Daemon[];
    freshness: Freshness;
}

export interface Device {
    host: string;
    is_available: boolean;
    model?: string;
    path: string;
    rejected_reasons: string[];
    seen_at?: string;
    size_bytes: number;
    type: string;
    vendor?: string;
}

export interface DevicesListResponse {
    devices: Device[];
    freshness: Freshness;
}

export interface Disk {
    id?: string;
    is_rotational: boolean;
    is_system: boolean;
    is_usable: boolean;
    model?: string;
    path: string;
    reasons: string[];
    serial?: string;
    size_bytes: number;
    vendor?: string;
}

export interface Freshness {
    is_stale: boolean;
    reason?: string;
    since?: string;
}

export interface Health {
    checks: HealthCheck[];
    status: HealthStatus;
    summary: string;
}

export interface HealthCheck {
    code: string;
    explanation?: string;
    is_muted: boolean;
    message: string;
    status: HealthStatus;
}

export type HealthStatus = "ok" | "warning" | "error";

export interface Host {
    address: string;
    labels: string[];
    name: string;
    status: string;
}

export interface HostsListResponse {
    freshness: Freshness;
    hosts: Host[];
}

export interface LogEntry {
    at: string;
    channel: string;
    level: LogEntryLevel;
    message: string;
    source: string;
}

export type LogEntryLevel = "debug" | "info" | "security" | "warning" | "error";

export interface Manager {
    active_name?: string;
    is_available: boolean;
    standby_count: number;
}

export interface Monitors {
    count: number;
    quorum: string[];
}

export interface NodeAddress {
    address: string;
    interface: string;
    network: string;
}

export interface OSD {
    available_bytes: number;
    device_class?: string;
    host?: string;
    id: number;
    is_in: boolean;
    is_up: boolean;
    placement_groups: number;
    total_bytes: number;
    used_bytes: number;
}

export interface OSDCounts {
    in: number;
    total: number;
    up: number;
}

export interface OSDsListResponse {
    freshness: Freshness;
    osds: OSD[];
}

export interface PhaseState {
    ended_at?: string;
    phase: BootstrapPhase;
    started_at?: string;
    state: PhaseStateState;
    title: string;
}

export type PhaseStateState = "waiting" | "running" | "done" | "failed";

export interface PlacementGroupCount {
    count: number;
    state: string;
}

export interface Plan {
    pool_size: number;
    raw_bytes: number;
    steps: PlanStep[];
    usable_bytes: number;
    warnings: string[];
}

export interface PlanStep {
    commands: string[][];
    phase: BootstrapPhase;
    summary: string;
}

export interface Problem {
    /** What happened and why, for a person. */
    detail: string;
    /** What to do about it. */
    hint?: string;
    /** The id under which the log has the details. */
    incident?: string;
    /** What a program should look at; new kinds may come. */
    kind: string;
    /** JSON pointer to the parameter to blame. */
    pointer?: string;
    /** Whether the same may succeed later by itself. */
    retryable: boolean;
    status: number;
    title: string;
    type: string;
}

export interface Requirement {
    actual: string;
    hint?: string;
    id: string;
    needed: string;
    title: string;
    verdict: Verdict;
}

export interface Requirements {
    addresses: NodeAddress[];
    checked_at: string;
    defaults?: BootstrapChoices;
    disks: Disk[];
    hostname: string;
    rows: Requirement[];
    verdict: Verdict;
}

export interface ServiceCount {
    expected: number;
    running: number;
    type: string;
}

export interface SupervisorStatusResponse {
    children: Child[];
}

export type Verdict = "ok" | "warning" | "blocking";
