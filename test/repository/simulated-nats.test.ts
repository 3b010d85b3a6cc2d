/** Holds `docs/simulated-nats.md` to the switches that a world has. */
import t from "tap";
import { seededWorld } from "../../runtime/testing/index.ts";
import { read } from "./repository.ts";

const DOCUMENT = "docs/simulated-nats.md";

t.test(DOCUMENT, async (t) => {
  t.test("names every switch of the twins, and none that they do not have", async (t) => {
    const { models: _, ...parts } = seededWorld({ seed: 1 }).faults;
    const text = read(DOCUMENT);
    const has = new Set<string>();
    for (const [part, switches] of Object.entries(parts)) {
      for (const name of Object.keys(switches)) {
        has.add(name);
        t.match(text, new RegExp(`\`(${part}\\.)?${name}\``), `${part}.${name}`);
      }
    }
    for (const [, part = "", name = ""] of text.matchAll(/`(\w+)\.(\w+)`/g)) {
      if (part in parts) t.ok(has.has(name), `${part}.${name}`);
    }
  });
});
