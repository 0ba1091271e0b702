import type { BootstrapState, ClusterStatusResponse, Problem } from "./types";

export type ServerEvent =
    | { name: "bootstrap"; data: BootstrapState }
    | { name: "cluster"; data: { status: ClusterStatusResponse } | { problem: Problem } }
    /** The bootstrap's state can't be told at the moment. */
    | { name: "problem"; data: { topic: "bootstrap"; problem: Problem } };

const names = new Set<string | undefined>(["bootstrap", "cluster", "problem"]);

/** Cuts a `text/event-stream` into events, as far as the gateway uses the format: LF, one `event` and its `data`. */
export class EventStream {
    private rest = "";

    take(text: string): ServerEvent[] {
        const blocks = (this.rest + text).split("\n\n");
        this.rest = blocks.pop() ?? "";
        return blocks.flatMap(parseBlock);
    }
}

function parseBlock(block: string): ServerEvent[] {
    const field = (name: string) => block.split("\n")
        .filter((line) => line.startsWith(name + ":"))
        .map((line) => line.slice(name.length + 1).trimStart());
    const name = field("event")[0];
    if (!names.has(name)) return [];
    return [{ name, data: JSON.parse(field("data").join("\n")) } as ServerEvent];
}
