import type { BootstrapState, PhaseState, PhaseStateState } from "../api/types";
import { Elapsed } from "./Elapsed";
import type { IconName } from "./Icon";
import { Icon } from "./Icon";

const icons: Record<PhaseStateState, IconName> = {
    waiting: "waiting", running: "running", done: "ok", failed: "blocking",
};

/** The phases of a bootstrap with how far each is. */
export function Checklist({ state }: { state: BootstrapState }) {
    return (
        <ol className="checklist" aria-label="Phases">
            {state.phases.map((phase) => (
                <li key={phase.phase} className={`is-${phase.state}`}
                    aria-current={phase.state === "running" ? "step" : undefined}>
                    <Icon name={icons[phase.state]} />
                    <span className="phase-title">
                        {phase.title}<span className="visually-hidden">: {phase.state}</span>
                    </span>
                    <PhaseTime phase={phase} />
                </li>
            ))}
        </ol>
    );
}

function PhaseTime({ phase }: { phase: PhaseState }) {
    if (!phase.started_at || (phase.state !== "running" && !phase.ended_at)) return null;
    return <Elapsed since={phase.started_at} until={phase.ended_at} />;
}
