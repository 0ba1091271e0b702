import assert from "node:assert";
import { test } from "node:test";
import { bytes, codeParts, commandLine, duration } from "../../web/src/format";

test("sizes are shown in binary units with at most three digits that count", () => {
    assert.deepStrictEqual(
        [0, 1023, 1024, 608886784, 6442450944, 4000787030016].map(bytes),
        ["0 bytes", "1023 bytes", "1 KiB", "581 MiB", "6 GiB", "3.64 TiB"]);
});

test("durations are shown in their two largest units, and never as less than nothing", () => {
    assert.deepStrictEqual(
        [-5, 999, 95_000, 3_600_000, 90_000_000].map(duration), ["0 s", "0 s", "1 min 35 s", "1 h 0 min", "1 d 1 h"]);
});

test("what stands between backticks is told from the rest", () => {
    assert.deepStrictEqual(
        ["`ss -ltnp` or `ip a`.", "a ` alone", ""].map(codeParts),
        [["", "ss -ltnp", " or ", "ip a", "."], ["a ` alone"], [""]]);
});

test("a command is shown as it could be typed", () => {
    const line = commandLine(["ceph", "a b", "it's", "--x=/dev/sda", ""]);
    assert.strictEqual(line, `ceph 'a b' 'it'\\''s' --x=/dev/sda ''`);
});
