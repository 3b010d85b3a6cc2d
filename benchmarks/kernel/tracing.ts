/**
 * What tracing costs: fan-in with nobody watching, with one message in a hundred watched, and with
 * every message watched, each against the same kernel whose tracing was cut out of its source.
 *
 * The work is the one where a message costs least, so that tracing weighs most. How fast the same
 * code runs differs by a few per cent from process to process: hence many short-lived processes, and
 * the median of the ratios of runs that stood side by side.
 */
import { type Cancel, EventFeed, systemClock, type TroupeEvent } from "../../runtime/index.ts";
import type { Benchmark, RateVariant, RowSpec } from "../benchmark.ts";
import { plainFanIn } from "./fan-in.ts";
import { tracingCuts } from "./tracing-cuts.ts";

const SAMPLED = 100;
const WITHOUT = "without tracing";

type Subscribe = (
  subscriber: (event: TroupeEvent) => void,
  options: { readonly every: number },
) => Cancel;

/** Fan-in while somebody watches one message in `every`; it is checked that they do. */
async function watched(every: number): Promise<RateVariant> {
  const feed = new EventFeed("local", systemClock);
  let seen = 0;
  const subscribe: Subscribe = feed.subscribe.bind(feed);
  subscribe(
    (event) => {
      if (event.type === "message.handled") seen++;
    },
    { every },
  );
  const fanIn = await plainFanIn(feed);
  return {
    ...fanIn,
    run: async (count) => {
      seen = 0;
      const result = await fanIn.run(count);
      const expected = count / every;
      // A sample of few is not exact.
      const isMany = count >= SAMPLED * SAMPLED;
      if (isMany && (seen < expected / 2 || seen > expected * 2 + SAMPLED * SAMPLED)) {
        throw new Error(`saw ${seen} of ${count} messages instead of about ${expected}`);
      }
      return result;
    },
  };
}

function row(name: string, ours: string, goal?: number): RowSpec {
  return {
    name: `tracing, ${name}`,
    ours,
    against: [WITHOUT],
    judged: "slower-at-most",
    ...(goal === undefined ? {} : { goal }),
  };
}

/** The price of being watched. */
export const tracing: Benchmark = {
  name: "tracing",
  about: "Fan-in, traced or not.",
  unit: "messages/s",
  better: "more",
  launches: 5,
  variants: {
    troupe: { make: () => plainFanIn() },
    sampled: { make: () => watched(SAMPLED) },
    watched: { make: () => watched(1) },
    [WITHOUT]: { make: () => plainFanIn(), rewrites: tracingCuts },
  },
  rows: [
    row("nobody watching", "troupe", 3),
    row("1 message in 100 watched", "sampled", 15),
    row("every message watched", "watched"),
  ],
};
