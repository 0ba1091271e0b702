import assert from "node:assert";
import { test } from "node:test";
import { EventStream } from "../../web/src/api/event-stream";

const problem = { type: "about:blank", title: "", status: 503, detail: "gone", kind: "busy", retryable: true };
const text = `event: cluster\ndata: ${JSON.stringify({ problem })}\n\n`;

test("an event is told once it is complete, however it was cut on the way", () => {
    for (let cut = 0; cut < text.length; cut++) {
        const stream = new EventStream();
        const events = [...stream.take(text.slice(0, cut)), ...stream.take(text.slice(cut))];
        assert.deepStrictEqual(events, [{ name: "cluster", data: { problem } }]);
    }
});

test("heartbeats and events of other names are no news", () => {
    assert.deepStrictEqual(new EventStream().take(": heartbeat\n\nevent: later\ndata: 1\n\n"), []);
});

test("several events in one piece come in their order", () => {
    const names = new EventStream().take(text + text.replace("cluster", "bootstrap")).map((event) => event.name);
    assert.deepStrictEqual(names, ["cluster", "bootstrap"]);
});
