import t from "tap";
import { type MemberPhase, TroupeError } from "../../../runtime/index.ts";
import type { Kernel } from "../../../runtime/kernel/kernel.ts";
import type { Timed } from "../../../runtime/kernel/timer-wheel.ts";
import { Hosts } from "../../../runtime/spawning/hosts.ts";

const CHILD = { id: "h~1", host: { name: "n1", incarnation: "1" }, address: "n1/$spawn/h~1" };

/** The nodes as a kernel sees them whose asks are answered by `answer`; each takes five seconds. */
function hostsThat(answer: () => unknown, phase: MemberPhase): Hosts {
  let nowMs = 0;
  const ask = async (): Promise<unknown> => {
    nowMs += 5_000;
    return answer();
  };
  const kernel = {
    nowMs: () => nowMs,
    wheel: { add: (timed: Timed) => timed.expire() },
    outward: { refOf: () => ({ ask }) },
    ports: { membership: { phaseOf: () => phase } },
  };
  return new Hosts(kernel as unknown as Kernel);
}

function never(code: "node.disconnected" | "actor.not-found"): () => never {
  return () => {
    throw new TroupeError(code, "it was not sent", { outcome: "never-ran" });
  };
}

t.test("The end of a child on another node", async (t) => {
  t.test("regression E1: is not taken for granted when no question has left in time", async (t) => {
    const unreached = hostsThat(never("node.disconnected"), "suspected");
    t.equal(await unreached.end(CHILD, { how: "kill" }), false);
  });

  t.test(
    "E1: is certain when it is answered, nobody runs children there, or the node is down",
    async (t) => {
      const answering = hostsThat(() => undefined, "up");
      const empty = hostsThat(never("actor.not-found"), "up");
      const down = hostsThat(never("node.disconnected"), "down");
      for (const hosts of [answering, empty, down])
        t.equal(await hosts.end(CHILD, { how: "kill" }), true);
    },
  );
});
