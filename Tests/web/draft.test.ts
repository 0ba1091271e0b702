import assert from "node:assert";
import { test } from "node:test";
import type { Disk, Requirements } from "../../web/src/api/types";
import { check, choicesOf, draftOf, fieldOf, offered } from "../../web/src/pages/draft";

const disk = (id: string): Disk => ({
    id, path: `/dev/${id}`, size_bytes: 6442450944, is_rotational: false, is_system: false, is_usable: true,
    reasons: [],
});
const disks = [disk("a"), disk("b")];
const defaults = {
    hostname: "n1", address: "10.77.0.3", disks: [{ id: "b", path: "/dev/b", size_bytes: 6442450944 }],
};
const requirements: Requirements = {
    addresses: ["10.77.0.2", "10.77.0.3"].map((address) => ({ address, interface: "e0", network: "10.77.0.0/24" })),
    checked_at: "2026-01-01T00:00:00Z", defaults, disks, hostname: "n1", rows: [], verdict: "ok",
};

test("defaults that nobody touches come back as they were", () => {
    // Through JSON, where members that are undefined are left out.
    assert.deepStrictEqual(JSON.parse(JSON.stringify(choicesOf(draftOf(defaults), disks))), defaults);
});

test("time servers may be separated by commas, spaces or both", () => {
    const draft = { ...draftOf(defaults), ntp_servers: " a.example,b.example  c.example, " };
    assert.deepStrictEqual(choicesOf(draft, disks).ntp_servers, ["a.example", "b.example", "c.example"]);
});

test("a chosen disk that is gone is not asked for", () => {
    assert.deepStrictEqual(choicesOf({ ...draftOf(defaults), disks: ["gone"] }, disks).disks, []);
});

test("a chosen disk that can't be used any more is not asked for", () => {
    const changed: Partial<Disk>[] = [
        { is_usable: false, reasons: ["in use"] }, { is_usable: false, is_system: true }, { is_system: true },
        { id: undefined },
    ];
    for (const change of changed) {
        const now = [disk("a"), { ...disk("b"), ...change }];
        const { disks } = choicesOf({ ...draftOf(defaults), disks: ["a", "b"] }, now);
        assert.deepStrictEqual(disks.map((one) => one.id), ["a"]);
        const draft = offered(draftOf(defaults), { ...requirements, disks: now });
        assert.deepStrictEqual(draft.disks, []);
        assert.deepStrictEqual(Object.keys(check(draft)), ["disks"]);
    }
});

test("an address that is gone is replaced by the suggested one, else by any, else the form says so", () => {
    const draft = { ...draftOf(defaults), address: "10.77.0.9" };
    assert.strictEqual(offered(draft, requirements).address, "10.77.0.3");
    assert.strictEqual(offered(draft, { ...requirements, defaults: undefined }).address, "10.77.0.2");
    const none = offered(draft, { ...requirements, defaults: undefined, addresses: [] });
    assert.deepStrictEqual(Object.keys(check(none)), ["address"]);
});

test("what the machine still offers stays as it was chosen", () => {
    const draft = { ...draftOf(defaults), hostname: "other", address: "10.77.0.2", disks: ["a", "b"], image: "x" };
    assert.deepStrictEqual(offered(draft, requirements), draft);
});

test("a pointer finds its field, with and without the name of the parameter", () => {
    const draft = draftOf(defaults);
    assert.strictEqual(fieldOf("/choices/ntp_servers/1", draft), "ntp_servers");
    assert.strictEqual(fieldOf("/disks/0/id", draft), "disks");
    assert.strictEqual(fieldOf("/choices", draft), undefined);
    assert.strictEqual(fieldOf("/elsewhere", draft), undefined);
    assert.strictEqual(fieldOf(undefined, draft), undefined);
});

test("a node without a name or without disks is refused by the form itself", () => {
    const errors = check({ ...draftOf(defaults), hostname: " ", disks: [] });
    assert.deepStrictEqual(Object.keys(errors), ["hostname", "disks"]);
});
