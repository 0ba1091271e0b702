const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** 6442450944 → "6 GiB". */
export function bytes(count: number): string {
    let value = count;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit++;
    }
    const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return `${Number(value.toFixed(digits))} ${units[unit]}`;
}

export function rate(bytesPerSecond: number): string {
    return `${bytes(bytesPerSecond)}/s`;
}

export function percent(fraction: number): string {
    return `${Math.round(fraction * 100)}%`;
}

/** 95000 → "1 min 35 s". */
export function duration(milliseconds: number): string {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (days > 0) return `${days} d ${hours % 24} h`;
    if (hours > 0) return `${hours} h ${minutes % 60} min`;
    if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
    return `${seconds} s`;
}

/** The time of day here, "17:04:09". */
export function clock(time: number | string): string {
    return new Date(time).toLocaleTimeString("en-GB");
}

export function plural(count: number, one: string, many = one + "s"): string {
    return `${count} ${count === 1 ? one : many}`;
}

/** Cuts "Run `ip address`." into plain text and code, in turns: "Run ", "ip address", ".". */
export function codeParts(text: string): string[] {
    return text.split(/`([^`]+)`/);
}

/** One line as it could be typed into a shell: words with anything special in them are quoted. */
export function commandLine(words: string[]): string {
    return words.map((word) => (/^[\w@%+=:,./<>-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)).join(" ");
}
