import type { FormEvent } from "react";
import { useEffect, useRef, useState } from "react";
import type { Problem } from "../api/client";
import type { Change } from "../api/hooks";
import type { BootstrapChoices, Requirements } from "../api/types";
import { DiskChoice } from "../components/DiskChoice";
import { Field } from "../components/Field";
import { ProblemNotice } from "../components/Notice";
import { Page } from "../components/Shell";
import type { Draft, FieldErrors } from "./draft";
import { check, choicesOf, fieldOf } from "./draft";

export function Choices(props: {
    requirements: Requirements; draft: Draft; onDraft(draft: Draft): void; plan: Change<BootstrapChoices>;
    problem?: Problem; onBack(): void;
}) {
    const { requirements, draft, plan } = props;
    const [ownErrors, setOwnErrors] = useState<FieldErrors>({});
    const refused = useRefusal(props.problem, draft);
    const errors = { ...refused.errors, ...ownErrors };
    const form = useFocusOnError(errors);
    const set = (change: Partial<Draft>) => {
        setOwnErrors({});
        refused.forget();
        props.onDraft({ ...draft, ...change });
    };

    function submit(event: FormEvent) {
        event.preventDefault();
        const found = check(draft);
        setOwnErrors(found);
        if (Object.keys(found).length === 0) plan.run(choicesOf(draft, requirements.disks));
    }

    return (
        <Page step={1} title="Name, address and disks" lead="The suggestions are good for most machines.">
            <form ref={form} onSubmit={submit} noValidate>
                {refused.rest && <ProblemNotice problem={refused.rest} />}
                <section className="card">
                    <Field label="Name of this node" hint="A short name, without dots." error={errors.hostname}>
                        <input name="hostname" value={draft.hostname} autoComplete="off" spellCheck={false}
                            autoCapitalize="none" onChange={(event) => set({ hostname: event.target.value })} />
                    </Field>
                    <Field label="Address" hint="Where the cluster is reached." error={errors.address}>
                        <select name="address" value={draft.address}
                            onChange={(event) => set({ address: event.target.value })}>
                            {requirements.addresses.map((one) => (
                                <option key={one.address} value={one.address}>
                                    {one.address} ({one.interface}, network {one.network})
                                </option>
                            ))}
                        </select>
                    </Field>
                </section>
                <DiskChoice disks={requirements.disks} selected={draft.disks} error={errors.disks}
                    onSelect={(disks) => set({ disks })} />
                <Advanced draft={draft} errors={errors} set={set} />
                <div className="actions">
                    <button type="button" onClick={props.onBack}>Back</button>
                    <button type="submit" className="primary" disabled={plan.isRunning}>
                        {plan.isRunning ? "Making the plan…" : "Review the plan"}
                    </button>
                </div>
            </form>
        </Page>
    );
}

function Advanced({ draft, errors, set }: { draft: Draft; errors: FieldErrors; set(change: Partial<Draft>): void }) {
    const text = (name: "ntp_servers" | "image" | "public_network" | "cluster_network", placeholder: string) => (
        <input name={name} value={draft[name]} placeholder={placeholder} autoComplete="off" spellCheck={false}
            autoCapitalize="none" onChange={(event) => set({ [name]: event.target.value })} />
    );
    const hasError = errors.ntp_servers || errors.image || errors.public_network || errors.cluster_network;
    const fold = useRef<HTMLDetailsElement>(null);
    useEffect(() => {
        if (hasError && fold.current) fold.current.open = true;
    }, [hasError]);
    return (
        <details className="fold" ref={fold}>
            <summary>Advanced</summary>
            <div className="card">
                <Field label="Time servers" error={errors.ntp_servers}
                    hint="Separated by commas. Empty: the node's time settings stay as they are.">
                    {text("ntp_servers", "pool.ntp.org")}
                </Field>
                <Field label="Container image of Ceph" hint="Empty: the appliance's own." error={errors.image}>
                    {text("image", "quay.io/ceph/ceph:v16.2.15")}
                </Field>
                <Field label="Public network" hint="Empty: the network of the address." error={errors.public_network}>
                    {text("public_network", "192.168.1.0/24")}
                </Field>
                <Field label="Cluster network" error={errors.cluster_network}
                    hint="A network of its own for copies between nodes. Empty: none.">
                    {text("cluster_network", "10.0.0.0/24")}
                </Field>
            </div>
        </details>
    );
}

/** The appliance's refusal, at the field it blames or as a whole, until something is changed. */
function useRefusal(problem: Problem | undefined, draft: Draft) {
    const [forgotten, setForgotten] = useState<Problem>();
    const current = problem === forgotten ? undefined : problem;
    const field = fieldOf(current?.pointer, draft);
    const errors: FieldErrors = field && current
        ? { [field]: [current.detail, current.hint].filter(Boolean).join(" ") } : {};
    return { errors, rest: field ? undefined : current, forget: () => setForgotten(problem) };
}

/** Puts the focus on the first field that was refused. */
function useFocusOnError(errors: FieldErrors) {
    const form = useRef<HTMLFormElement>(null);
    const fingerprint = JSON.stringify(errors);
    useEffect(() => {
        form.current?.querySelector<HTMLElement>(".has-error :is(input, select)")?.focus();
    }, [fingerprint]);
    return form;
}
