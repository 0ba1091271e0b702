import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import type { Connection } from "../api/hooks";
import { clock } from "../format";
import { Icon } from "./Icon";

/** The frame of every screen, with the banner that says when what it shows is old. */
export function Shell(props: { connection: Connection; hostname?: string; children: ReactNode }) {
    const { isLost, lastHeard } = props.connection;
    return (
        <>
            <header className="bar">
                <span className="brand"><Icon name="logo" />Aquarium</span>
                {props.hostname && <span className="node">{props.hostname}</span>}
            </header>
            <div role="alert">
                {isLost && (
                    <p className="banner">
                        <Icon name="offline" />
                        {lastHeard
                            ? `Connection lost — what you see is from ${clock(lastHeard)}`
                            : "The appliance can't be reached — trying again"}
                    </p>
                )}
            </div>
            <main className={isLost ? "is-stale" : undefined}>{props.children}</main>
        </>
    );
}

/** One screen of the way to a cluster: its title takes the focus, so that keyboard and screen reader start there. */
export function Page(props: { title: string; lead?: ReactNode; step?: number; children: ReactNode }) {
    const heading = useRef<HTMLHeadingElement>(null);
    useEffect(() => {
        heading.current?.focus({ preventScroll: true });
        window.scrollTo(0, 0);
    }, [props.title]);
    return (
        <div className="page">
            {props.step !== undefined && <Steps current={props.step} />}
            <h1 ref={heading} tabIndex={-1}>{props.title}</h1>
            {props.lead && <p className="lead">{props.lead}</p>}
            {props.children}
        </div>
    );
}

const steps = ["Check", "Choose", "Review", "Create"];

function Steps({ current }: { current: number }) {
    return (
        <ol className="steps" aria-label="Steps">
            {steps.map((name, index) => (
                <li key={name} aria-current={index === current ? "step" : undefined}
                    className={index < current ? "is-past" : undefined}>{name}</li>
            ))}
        </ol>
    );
}
