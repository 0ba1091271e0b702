import type { ReactNode } from "react";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";

export function Fold(props: { title: string; children: ReactNode }) {
    return (
        <details className="fold">
            <summary>{props.title}</summary>
            {props.children}
        </details>
    );
}

/** The last lines of a log. It follows the end, unless one has scrolled up to read. */
export function Log({ lines, label }: { lines: string[]; label: string }) {
    const box = useRef<HTMLPreElement>(null);
    const follows = useRef(true);
    const follow = useCallback(() => {
        if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
    }, []);
    useLayoutEffect(follow, [lines, follow]);
    useEffect(() => {
        // Also when the fold is opened, or the lines are broken anew.
        const observer = new ResizeObserver(follow);
        observer.observe(box.current!);
        return () => observer.disconnect();
    }, [follow]);
    const noteScroll = () => {
        const { scrollTop, scrollHeight, clientHeight } = box.current!;
        // A closed fold has no height, and tells nothing of where one reads.
        if (clientHeight > 0) follows.current = scrollHeight - scrollTop - clientHeight < 8;
    };
    return (
        <pre ref={box} className="log" tabIndex={0} role="region" aria-label={label} onScroll={noteScroll}>
            {lines.length > 0 ? lines.join("\n") : "Nothing yet."}
        </pre>
    );
}
