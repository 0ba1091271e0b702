import type { ReactNode } from "react";
import { useEffect, useId, useRef } from "react";

/** Asks before something that can't be taken back. */
export function Confirm(props: {
    title: string; action: string; children: ReactNode; onConfirm(): void; onCancel(): void;
}) {
    const dialog = useRef<HTMLDialogElement>(null);
    const title = useId();
    useEffect(() => {
        const element = dialog.current!;
        element.showModal();
        return () => element.close();
    }, []);
    return (
        <dialog ref={dialog} aria-labelledby={title} onCancel={(event) => {
            event.preventDefault();
            props.onCancel();
        }}>
            <h2 id={title}>{props.title}</h2>
            {props.children}
            <div className="actions">
                <button type="button" onClick={props.onCancel} autoFocus>Keep it</button>
                <button type="button" className="danger" onClick={props.onConfirm}>{props.action}</button>
            </div>
        </dialog>
    );
}
