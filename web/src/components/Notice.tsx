import type { ReactNode } from "react";
import type { Problem } from "../api/client";
import type { IconName } from "./Icon";
import { Icon } from "./Icon";
import { Prose } from "./Prose";

export type Tone = "ok" | "info" | "warning" | "danger";

const icons: Record<Tone, IconName> = { ok: "ok", info: "info", warning: "warning", danger: "blocking" };

export function Notice(props: { tone: Tone; title: string; role?: "alert" | "status"; children?: ReactNode }) {
    return (
        <div className={`notice tone-${props.tone}`} role={props.role}>
            <Icon name={icons[props.tone]} />
            <div>
                <p className="notice-title"><Prose text={props.title} /></p>
                {props.children && <div className="notice-body">{props.children}</div>}
            </div>
        </div>
    );
}

export function ProblemNotice({ problem, children }: { problem: Problem; children?: ReactNode }) {
    return (
        <Notice tone="danger" role="alert" title={problem.detail}>
            {problem.hint && <p><Prose text={problem.hint} /></p>}
            {problem.incident && <p>The log has the details under <code>{problem.incident}</code>.</p>}
            {children}
        </Notice>
    );
}
