import type { BootstrapChoices, Disk, Requirements } from "../api/types";
import { chosen } from "../disks";

/** The choices as they stand in the form's fields. */
export interface Draft {
    hostname: string;
    address: string;
    /** The ids of the chosen disks. */
    disks: string[];
    /** Separated by spaces or commas. */
    ntp_servers: string;
    image: string;
    public_network: string;
    cluster_network: string;
}

export type Field = keyof Draft;
export type FieldErrors = Partial<Record<Field, string>>;

export function draftOf(choices: BootstrapChoices): Draft {
    return {
        hostname: choices.hostname,
        address: choices.address,
        disks: choices.disks.map((disk) => disk.id),
        ntp_servers: (choices.ntp_servers ?? []).join(", "),
        image: choices.image ?? "",
        public_network: choices.public_network ?? "",
        cluster_network: choices.cluster_network ?? "",
    };
}

export function choicesOf(draft: Draft, disks: Disk[]): BootstrapChoices {
    const servers = draft.ntp_servers.split(/[\s,]+/).filter(Boolean);
    const optional = (text: string) => text.trim() || undefined;
    return {
        hostname: draft.hostname.trim(),
        address: draft.address,
        disks: chosen(draft.disks, disks).map(({ id, path, size_bytes }) => ({ id, path, size_bytes })),
        ntp_servers: servers.length > 0 ? servers : undefined,
        image: optional(draft.image),
        public_network: optional(draft.public_network),
        cluster_network: optional(draft.cluster_network),
    };
}

/**
 * The draft as far as the machine still offers what it names. After a new look at the machine, a disk may be in use
 * and an address gone; the form could show neither, so neither may be asked for.
 */
export function offered(draft: Draft, { addresses, defaults, disks }: Requirements): Draft {
    const isListed = addresses.some((one) => one.address === draft.address);
    return {
        ...draft,
        address: isListed ? draft.address : defaults?.address ?? addresses[0]?.address ?? "",
        disks: chosen(draft.disks, disks).map((disk) => disk.id),
    };
}

/** What the form itself can tell; all else the appliance checks. */
export function check(draft: Draft): FieldErrors {
    const errors: FieldErrors = {};
    if (!draft.hostname.trim()) errors.hostname = "Give the node a name.";
    if (!draft.address) errors.address = "The machine has no address: connect it to a network, and check again.";
    if (draft.disks.length === 0) errors.disks = "Choose at least one disk.";
    return errors;
}

/** The field that a problem's pointer blames: `/choices/ntp_servers/1` → `ntp_servers`. */
export function fieldOf(pointer: string | undefined, draft: Draft): Field | undefined {
    const name = pointer?.split("/").find((part) => part !== "" && part !== "choices");
    return name !== undefined && name in draft ? (name as Field) : undefined;
}
