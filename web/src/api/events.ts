import type { ServerEvent } from "./event-stream";
import { EventStream } from "./event-stream";

export interface Listener {
    opened(): void;
    event(event: ServerEvent): void;
    /** The connection is gone; `lastHeard` is when the appliance was last heard, if ever. */
    lost(lastHeard: number | undefined): void;
}

/** In milliseconds: two of the gateway's heartbeats. */
const silenceLimit = 20_000;
const reconnectDelays = [500, 1000, 2000, 4000];

/**
 * Follows `GET /api/events` until the returned function is called, and connects again whenever the connection ends.
 *
 * Reads the stream by `fetch`: `EventSource` hides the heartbeat comments, so it can't tell a quiet appliance from
 * one that is gone.
 */
export function followEvents(listener: Listener): () => void {
    const stopped = new AbortController();
    void follow(listener, stopped.signal);
    return () => stopped.abort();
}

async function follow(listener: Listener, stopped: AbortSignal) {
    let failures = 0;
    let lastHeard: number | undefined;
    while (!stopped.aborted) {
        try {
            await readOnce(listener, stopped, () => {
                lastHeard = Date.now();
                failures = 0;
            });
        } catch {
            // However the connection ended, the answer is the same: say so, and connect again.
        }
        if (stopped.aborted) return;
        listener.lost(lastHeard);
        await pause(reconnectDelays[Math.min(failures++, reconnectDelays.length - 1)]!, stopped);
    }
}

/** One connection, from opening it until it ends, fails or falls silent. */
async function readOnce(listener: Listener, stopped: AbortSignal, heard: () => void) {
    const connection = new AbortController();
    const abort = () => connection.abort();
    stopped.addEventListener("abort", abort);
    window.addEventListener("offline", abort);
    let silence = window.setTimeout(abort, silenceLimit);
    try {
        const response = await fetch("/api/events", {
            headers: { Accept: "text/event-stream" }, cache: "no-store", signal: connection.signal,
        });
        if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
        listener.opened();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const stream = new EventStream();
        for (;;) {
            const { value, done } = await reader.read();
            if (done) return;
            heard();
            clearTimeout(silence);
            silence = window.setTimeout(abort, silenceLimit);
            for (const event of stream.take(value)) listener.event(event);
        }
    } finally {
        clearTimeout(silence);
        connection.abort();
        stopped.removeEventListener("abort", abort);
        window.removeEventListener("offline", abort);
    }
}

/** Waits, but no longer than until the network is back or nobody listens any more. */
function pause(milliseconds: number, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const end = () => {
            clearTimeout(timer);
            window.removeEventListener("online", end);
            stopped.removeEventListener("abort", end);
            resolve();
        };
        const timer = window.setTimeout(end, milliseconds);
        window.addEventListener("online", end);
        stopped.addEventListener("abort", end);
    });
}
