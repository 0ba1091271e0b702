import type {
    BootstrapChoices, BootstrapState, ClusterLogResponse, ClusterStatusResponse, DaemonsListResponse,
    DevicesListResponse, HostsListResponse, OSDsListResponse, Plan, Problem as ProblemDocument, Requirements,
    SupervisorStatusResponse,
} from "./types";

/** What the gateway answers when it can't do what was asked (RFC 9457), as something that can be thrown. */
export class Problem extends Error implements ProblemDocument {
    type!: string;
    title!: string;
    status!: number;
    detail!: string;
    kind!: string;
    hint?: string;
    retryable!: boolean;
    pointer?: string;
    incident?: string;

    constructor(document: ProblemDocument) {
        super(document.detail);
        Object.assign(this, document);
    }

    /** The request or its answer got lost: nobody can say whether it was carried out. */
    get isUnanswered(): boolean {
        return this.status === 0;
    }

    static from(error: unknown): Problem {
        if (error instanceof Problem) return error;
        return new Problem({
            type: "about:blank", title: "No answer", status: 0, kind: "connection.lost", retryable: true,
            detail: "The appliance does not answer.",
            hint: "Check that it is switched on and that this computer reaches it.",
        });
    }
}

/** How far the appliance's clock is ahead of this computer's, in milliseconds, so that durations come out right. */
let clockOffset = 0;

/** What the appliance's clock shows, or showed `at` a time of this computer's; in milliseconds since 1970. */
export function applianceTime(at = Date.now()): number {
    return at + clockOffset;
}

/** In milliseconds. */
const timeout = 20_000;
/** For the calls that look at the disks, for which cephadm starts a container. */
const inventoryTimeout = 90_000;

async function request<T>(path: string, init: RequestInit = {}, patience = timeout): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), patience);
    try {
        const response = await fetch(path, { ...init, cache: "no-store", signal: limit.signal });
        const text = await response.text();
        readClock(response);
        if (!response.ok) throw problemOf(response, text);
        return JSON.parse(text) as T;
    } catch (error) {
        throw Problem.from(error);
    } finally {
        clearTimeout(timer);
    }
}

function readClock(response: Response) {
    const date = Date.parse(response.headers.get("date") ?? "");
    // The header counts whole seconds: a smaller difference says nothing.
    const offset = date - Date.now();
    if (!Number.isNaN(date)) clockOffset = Math.abs(offset) < 2000 ? 0 : offset;
}

function problemOf(response: Response, text: string): Problem {
    if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
        return new Problem(JSON.parse(text) as ProblemDocument);
    }
    return new Problem({
        type: "about:blank", title: "Unexpected answer", status: response.status, kind: "unknown",
        retryable: false,
        detail: `The appliance answered with status ${response.status}.`,
    });
}

const post = <T>(path: string, body: unknown, headers: Record<string, string> = {}) => {
    const json = { "Content-Type": "application/json", ...headers };
    return request<T>(path, { method: "POST", body: JSON.stringify(body), headers: json }, inventoryTimeout);
};

/** A changing call. The same key never carries it out twice, so a lost answer can be asked for again. */
const change = <T>(path: string, body: unknown, key: string) => post<T>(path, body, { "Idempotency-Key": key });

export const api = {
    requirements: () => request<Requirements>("/api/requirements", {}, inventoryTimeout),
    plan: (choices: BootstrapChoices) => post<Plan>("/api/bootstrap/plan", { choices }),
    start: (choices: BootstrapChoices, key: string) =>
        change<BootstrapState>("/api/bootstrap/start", { choices }, key),
    retry: (key: string) => change<BootstrapState>("/api/bootstrap/retry", {}, key),
    cleanUp: (key: string) => change<BootstrapState>("/api/bootstrap/clean_up", {}, key),
    bootstrapStatus: () => request<BootstrapState>("/api/bootstrap/status"),
    clusterStatus: () => request<ClusterStatusResponse>("/api/cluster/status"),
    clusterLog: () => request<ClusterLogResponse>("/api/cluster/log?lines=50"),
    hosts: () => request<HostsListResponse>("/api/hosts"),
    devices: () => request<DevicesListResponse>("/api/devices"),
    daemons: () => request<DaemonsListResponse>("/api/daemons"),
    osds: () => request<OSDsListResponse>("/api/osds"),
    supervisorStatus: () => request<SupervisorStatusResponse>("/api/supervisor/status"),
};

/** A random UUID. Not `crypto.randomUUID`: browsers offer that on HTTPS and localhost alone. */
export function newKey(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
