import type { ReactElement, ReactNode } from "react";
import { cloneElement, useId } from "react";
import { Prose } from "./Prose";

/** A labelled control with its explanation and, if it was refused, why. */
export function Field(props: { label: string; hint?: ReactNode; error?: string; children: ReactElement }) {
    const id = useId();
    const hasError = props.error !== undefined;
    const described = [props.hint && `${id}-hint`, hasError && `${id}-error`].filter(Boolean).join(" ");
    return (
        <div className={hasError ? "field has-error" : "field"}>
            <label htmlFor={id}>{props.label}</label>
            {cloneElement(props.children, {
                id, "aria-invalid": hasError || undefined, "aria-describedby": described || undefined,
            })}
            {props.hint && <p id={`${id}-hint`} className="field-hint">{props.hint}</p>}
            {props.error !== undefined && <FieldError id={`${id}-error`} text={props.error} />}
        </div>
    );
}

export function FieldError({ id, text }: { id: string; text: string }) {
    return <p id={id} className="field-error" role="alert"><Prose text={text} /></p>;
}
