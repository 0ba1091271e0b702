import type { Disk } from "./api/types";

export type UsableDisk = Disk & { id: string };

export function canBeChosen(disk: Disk): disk is UsableDisk {
    return disk.is_usable && !disk.is_system && disk.id !== undefined;
}

/** Those of the disks that have one of the ids and can be chosen. */
export function chosen(ids: string[], disks: Disk[]): UsableDisk[] {
    return disks.filter(canBeChosen).filter((disk) => ids.includes(disk.id));
}
