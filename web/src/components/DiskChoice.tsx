import type { Disk } from "../api/types";
import { canBeChosen, chosen } from "../disks";
import { bytes, plural } from "../format";
import { Badge } from "./Badge";
import { FieldError } from "./Field";

/** Which disks become storage. Those that can't be chosen are shown too, with the reason. */
export function DiskChoice(props: {
    disks: Disk[]; selected: string[]; error?: string; onSelect(ids: string[]): void;
}) {
    const { disks, selected } = props;
    const taken = chosen(selected, disks);
    const total = taken.reduce((sum, disk) => sum + disk.size_bytes, 0);
    const toggle = (id: string) =>
        props.onSelect(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id]);
    return (
        <fieldset className={props.error ? "card has-error" : "card"}
            aria-describedby={props.error ? "disks-error" : undefined}>
            <legend>Disks for storage</legend>
            <p className="danger-text">All data on the chosen disks is lost.</p>
            {disks.map((disk) => (
                <DiskOption key={disk.path} disk={disk} isChosen={taken.some((one) => one === disk)} toggle={toggle} />
            ))}
            <p className="muted" role="status">
                {plural(taken.length, "disk")} chosen, {bytes(total)} together
            </p>
            {props.error && <FieldError id="disks-error" text={props.error} />}
        </fieldset>
    );
}

function DiskOption(props: { disk: Disk; isChosen: boolean; toggle(id: string): void }) {
    const { disk } = props;
    const isOffered = canBeChosen(disk);
    return (
        <label className={isOffered ? "option" : "option is-disabled"}>
            <input type="checkbox" name="disks" checked={props.isChosen} disabled={!isOffered}
                onChange={() => isOffered && props.toggle(disk.id)} />
            <span className="row-main">
                <span className="row-line">
                    <DiskName disk={disk} />
                    {disk.is_system && <Badge tone="info">System disk</Badge>}
                </span>
                <span className="muted">{describe(disk)}</span>
                {disk.reasons.map((reason) => <span key={reason} className="hint">{reason}</span>)}
            </span>
        </label>
    );
}

/** E.g. "Seagate ST4000 · Hard disk · serial Z1234". */
export function describe(disk: Disk): string {
    const name = [disk.vendor, disk.model].filter(Boolean).join(" ");
    const kind = disk.is_rotational ? "Hard disk" : "Solid-state disk";
    return [name, kind, disk.serial && `serial ${disk.serial}`].filter(Boolean).join(" · ");
}

export function DiskName({ disk }: { disk: Disk }) {
    return <span className="row-title">{disk.path} <span className="muted">{bytes(disk.size_bytes)}</span></span>;
}
