/** How much of something is used or done. `fraction` is 0 to 1. */
export function Bar(props: { role: "meter" | "progressbar"; label: string; fraction: number; text: string }) {
    const percent = Math.round(Math.min(1, Math.max(0, props.fraction)) * 100);
    const tone = props.role === "meter" && percent >= 85 ? "bar-full" : "";
    return (
        <div className={`track ${tone}`} role={props.role} aria-label={props.label} aria-valuemin={0}
            aria-valuemax={100} aria-valuenow={percent} aria-valuetext={props.text}>
            <div className="fill" style={{ width: `${percent}%` }} />
        </div>
    );
}
