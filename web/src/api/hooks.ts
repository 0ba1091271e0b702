import { useCallback, useEffect, useRef, useState } from "react";
import { api, newKey, Problem } from "./client";
import type { ServerEvent } from "./event-stream";
import { followEvents } from "./events";
import type { BootstrapState, ClusterStatusResponse } from "./types";

/** Whether what is shown is what is true now. */
export interface Connection {
    isLost: boolean;
    /** When the appliance was last heard; undefined before the first time. */
    lastHeard?: number;
}

/** Why something can't be told at the moment, and since when: what is shown of it is from then. */
export interface Unknown {
    problem: Problem;
    /** By this computer's clock. */
    since: number;
}

export interface Live {
    connection: Connection;
    bootstrap?: BootstrapState;
    bootstrapUnknown?: Unknown;
    cluster?: ClusterStatusResponse;
    /** Why the cluster's status can't be told at the moment. */
    clusterProblem?: Problem;
    /** Takes over the answer of a changing call, before the next event tells the same. */
    setBootstrap(state: BootstrapState): void;
}

/** Renders again every second, for what depends on the time. */
export function useTick(isNeeded: boolean) {
    const [, tick] = useState(0);
    useEffect(() => {
        if (!isNeeded) return;
        const timer = setInterval(() => tick((count) => count + 1), 1000);
        return () => clearInterval(timer);
    }, [isNeeded]);
}

/** In milliseconds: all that is shown is told or loaded every few seconds, so what is older is not news any more. */
const oldAfter = 60_000;

/**
 * Whether what is from `at` is too old to pass for what is true now. A timer that waits for that moment won't do: it
 * stands still while the computer sleeps.
 */
export function useIsOld(at: number | undefined, clock: () => number = Date.now): boolean {
    const [isOld, setOld] = useState(false);
    useEffect(() => {
        const look = () => setOld(at !== undefined && clock() - at > oldAfter);
        look();
        const timer = setInterval(look, 1000);
        return () => clearInterval(timer);
    }, [at, clock]);
    return isOld;
}

/** Everything that the event stream keeps up to date. */
export function useLive(): Live {
    const [connection, setConnection] = useState<Connection>({ isLost: false });
    const [bootstrap, setBootstrap] = useState<BootstrapState>();
    const [bootstrapUnknown, setBootstrapUnknown] = useState<Unknown>();
    const [cluster, setCluster] = useState<ClusterStatusResponse>();
    const [clusterProblem, setClusterProblem] = useState<Problem>();

    /** Until when `bootstrap` was known to be true, if it isn't any more. */
    const knownUntil = useRef<number>();
    const takeBootstrap = useCallback((state: BootstrapState) => {
        knownUntil.current = undefined;
        setBootstrap(state);
        setBootstrapUnknown(undefined);
    }, []);

    useEffect(() => {
        let eventsSeen = 0;
        let again: number | undefined;
        function missBootstrap(error: unknown) {
            knownUntil.current ??= Date.now();
            setBootstrapUnknown({ problem: Problem.from(error), since: knownUntil.current });
        }
        function take(event: ServerEvent) {
            if (event.name === "bootstrap") {
                eventsSeen++;
                takeBootstrap(event.data);
            } else if (event.name === "problem") {
                missBootstrap(new Problem(event.data.problem));
            } else if ("status" in event.data) {
                setCluster(event.data.status);
                setClusterProblem(undefined);
            } else {
                setClusterProblem(new Problem(event.data.problem));
            }
        }
        async function askStatus() {
            clearTimeout(again);
            const before = eventsSeen;
            try {
                const state = await api.bootstrapStatus();
                // An event that came meanwhile is newer than this answer.
                if (before === eventsSeen) takeBootstrap(state);
            } catch (error) {
                if (before !== eventsSeen) return;
                missBootstrap(error);
                again = window.setTimeout(askStatus, 3000);
            }
        }
        const stop = followEvents({
            opened() {
                setConnection({ isLost: false });
                void askStatus();
            },
            event: take,
            lost(lastHeard) {
                clearTimeout(again);
                knownUntil.current ??= lastHeard;
                setConnection({ isLost: true, lastHeard });
            },
        });
        return () => {
            clearTimeout(again);
            stop();
        };
    }, [takeBootstrap]);

    return { connection, bootstrap, bootstrapUnknown, cluster, clusterProblem, setBootstrap: takeBootstrap };
}

export interface Loaded<T> {
    value?: T;
    /** When `value` was asked for, by this computer's clock. */
    at?: number;
    /** Why the last attempt failed; `value` is then from before. */
    problem?: Problem;
    isLoading: boolean;
    reload(): void;
}

/** Loads once, and again every `interval` milliseconds while the page is visible. */
export function useLoaded<T>(load: () => Promise<T>, interval?: number): Loaded<T> {
    const [state, setState] = useState<Omit<Loaded<T>, "reload">>({ isLoading: true });
    const [round, setRound] = useState(0);
    const reload = useCallback(() => setRound((round) => round + 1), []);

    useEffect(() => {
        let isCurrent = true;
        let timer: number | undefined;
        async function run() {
            if (!document.hidden) {
                setState((state) => ({ ...state, isLoading: true }));
                const at = Date.now();
                const next = await load().then(
                    (value) => ({ value, at, problem: undefined }), (error) => ({ problem: Problem.from(error) }));
                if (!isCurrent) return;
                setState((state) => ({ ...state, ...next, isLoading: false }));
            }
            if (interval) timer = window.setTimeout(run, interval);
        }
        const wake = () => {
            if (interval && !document.hidden) reload();
        };
        document.addEventListener("visibilitychange", wake);
        void run();
        return () => {
            isCurrent = false;
            clearTimeout(timer);
            document.removeEventListener("visibilitychange", wake);
        };
    }, [load, interval, round, reload]);

    return { ...state, reload };
}

export interface Change<Input> {
    isRunning: boolean;
    problem?: Problem;
    run(input: Input): void;
}

/**
 * A changing call behind a button. Pressing again after an answer got lost sends the same idempotency key, so that
 * it is carried out once.
 */
export function useChange<Input, Output>(
    send: (input: Input, key: string) => Promise<Output>, done: (output: Output) => void,
): Change<Input> {
    const [isRunning, setRunning] = useState(false);
    const [problem, setProblem] = useState<Problem>();
    const pending = useRef<{ body: string; key: string }>();

    async function run(input: Input) {
        const body = JSON.stringify(input) ?? "";
        if (pending.current?.body !== body) pending.current = { body, key: newKey() };
        setRunning(true);
        setProblem(undefined);
        try {
            const output = await send(input, pending.current.key);
            pending.current = undefined;
            done(output);
        } catch (error) {
            const problem = Problem.from(error);
            if (!problem.isUnanswered && !problem.retryable) pending.current = undefined;
            setProblem(problem);
        } finally {
            setRunning(false);
        }
    }

    return { isRunning, problem, run: (input) => void run(input) };
}
