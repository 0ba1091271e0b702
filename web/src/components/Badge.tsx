import type { ReactNode } from "react";
import type { Tone } from "./Notice";

/** A state in a word: its colour repeats what the word says. */
export function Badge(props: { tone: Tone | "plain"; title?: string; children: ReactNode }) {
    return <span className={`badge tone-${props.tone}`} title={props.title}>{props.children}</span>;
}
