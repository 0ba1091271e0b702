import { codeParts } from "../format";

/** The appliance's words, in which what is to be typed or looked for stands between backticks. */
export function Prose({ text }: { text: string }) {
    return <>{codeParts(text).map((part, index) => index % 2 ? <code key={index}>{part}</code> : part)}</>;
}
