import { useEffect, useState } from "react";
import { api } from "../api/client";
import { useChange, useLoaded } from "../api/hooks";
import type { BootstrapChoices, BootstrapState, Plan, Requirements } from "../api/types";
import type { Draft } from "./draft";
import { draftOf, offered } from "./draft";
import { Choices } from "./Choices";
import { PlanReview } from "./PlanReview";
import { Welcome } from "./Welcome";

type Step = "welcome" | "choices" | "review";

/** From "is this machine fit" to the button that starts the bootstrap. Nothing is changed before that button. */
export function Wizard({ onStarted }: { onStarted(state: BootstrapState): void }) {
    const requirements = useLoaded(api.requirements);
    const [step, go] = useStep();
    const [draft, setDraft] = useDraft(requirements.value);
    const [planned, setPlanned] = useState<{ choices: BootstrapChoices; plan: Plan }>();

    const plan = useChange(
        async (choices: BootstrapChoices) => ({ choices, plan: await api.plan(choices) }),
        (planned) => {
            setPlanned(planned);
            go("review");
        });
    const start = useChange(api.start, (state) => {
        // The way back into the wizard ends here.
        history.replaceState(null, "", location.pathname);
        onStarted(state);
    });

    if (step === "review" && planned) {
        return <PlanReview {...planned} start={start} onBack={() => go("choices")} />;
    }
    if (step !== "welcome" && draft && requirements.value) {
        return (
            <Choices requirements={requirements.value} draft={draft} onDraft={setDraft} plan={plan}
                problem={plan.problem ?? start.problem} onBack={() => go("welcome")} />
        );
    }
    return <Welcome requirements={requirements} onNext={() => go("choices")} />;
}

/** The step is kept in the address's fragment, so that the browser's Back goes one step back. */
function useStep(): [Step, (step: Step) => void] {
    const read = (): Step => {
        const name = location.hash.slice(1);
        return name === "choices" || name === "review" ? name : "welcome";
    };
    const [step, setStep] = useState(read);
    useEffect(() => {
        const follow = () => setStep(read());
        window.addEventListener("hashchange", follow);
        return () => window.removeEventListener("hashchange", follow);
    }, []);
    return [step, (step) => { location.hash = step; }];
}

/** What is chosen so far: the appliance's defaults until the person changes something. */
function useDraft(requirements: Requirements | undefined): [Draft | undefined, (draft: Draft) => void] {
    const [changed, setChanged] = useState<Draft>();
    const defaults = requirements?.defaults;
    const draft = changed ?? (defaults && draftOf(defaults));
    return [draft && requirements && offered(draft, requirements), setChanged];
}
