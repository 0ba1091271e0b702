import { createContext, useContext } from "react";
import { applianceTime } from "../api/client";
import { useTick } from "../api/hooks";
import { duration } from "../format";

/** From when what is shown is, by this computer's clock; undefined while it is true now. */
export const AsOf = createContext<number | undefined>(undefined);

/** The time from `since` to `until`, or to now: counting, unless what is shown is not of now. */
export function Elapsed({ since, until }: { since: string; until?: string }) {
    const asOf = useContext(AsOf);
    useTick(until === undefined && asOf === undefined);
    return (
        <span className="elapsed">
            {duration((until ? Date.parse(until) : applianceTime(asOf)) - Date.parse(since))}
        </span>
    );
}
