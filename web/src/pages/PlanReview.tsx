import { useState } from "react";
import type { Change } from "../api/hooks";
import type { BootstrapChoices, Plan } from "../api/types";
import { Fold } from "../components/Log";
import { Notice, ProblemNotice } from "../components/Notice";
import { Page } from "../components/Shell";
import { bytes, commandLine, plural } from "../format";

export function PlanReview(props: {
    choices: BootstrapChoices; plan: Plan; start: Change<BootstrapChoices>; onBack(): void;
}) {
    const { choices, plan, start } = props;
    const isOne = choices.disks.length === 1;
    const [isConfirmed, setConfirmed] = useState(false);
    return (
        <Page step={2} title="Review the plan" lead="This is what will happen. It takes a few minutes.">
            <Layout choices={choices} plan={plan} />
            {plan.warnings.map((warning) => <Notice key={warning} tone="warning" title={warning} />)}
            <section className="card">
                <h2>Steps</h2>
                <ol className="plan">{plan.steps.map((step) => <li key={step.phase}>{step.summary}</li>)}</ol>
            </section>
            <Fold title="The exact commands">
                <pre className="log commands" tabIndex={0} role="region" aria-label="Commands">
                    {plan.steps.flatMap((step) => step.commands).map(commandLine).join("\n")}
                </pre>
            </Fold>
            <div className="card erase">
                <p>{isOne ? "This disk is" : "These disks are"} erased:</p>
                <ul>
                    {choices.disks.map((disk) => (
                        <li key={disk.id}><strong>{disk.path}</strong> · {bytes(disk.size_bytes)}</li>
                    ))}
                </ul>
                <label className="option">
                    <input type="checkbox" checked={isConfirmed}
                        onChange={(event) => setConfirmed(event.target.checked)} />
                    <span>I understand that all data on {isOne ? "this disk" : "these disks"} is lost.</span>
                </label>
            </div>
            {start.problem && <ProblemNotice problem={start.problem} />}
            <div className="actions">
                <button type="button" onClick={props.onBack} disabled={start.isRunning}>Back</button>
                <button type="button" className="primary" disabled={!isConfirmed || start.isRunning}
                    onClick={() => start.run(choices)}>
                    {start.isRunning ? "Starting…" : "Create the cluster"}
                </button>
            </div>
        </Page>
    );
}

/** What one gets, in figures. */
function Layout({ choices, plan }: { choices: BootstrapChoices; plan: Plan }) {
    return (
        <dl className="card facts">
            <div><dt>Usable space</dt><dd className="figure">{bytes(plan.usable_bytes)}</dd></div>
            <Fact name="Raw space" value={bytes(plan.raw_bytes)} more={plural(choices.disks.length, "disk")} />
            <Fact name="Copies kept" value={plan.pool_size} more="of everything" />
            <Fact name="Node" value={choices.hostname} more={choices.address} />
        </dl>
    );
}

function Fact({ name, value, more }: { name: string; value: string | number; more: string }) {
    return <div><dt>{name}</dt><dd>{value} <span className="muted">{more}</span></dd></div>;
}
