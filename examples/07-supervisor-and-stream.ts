/** A supervisor restarts what fails with its queue intact; a stream hands over chunks and ends with a result. */
import { actor, child, createSystem, protocol, silentLog, stream, supervisor, tell } from "troupe";

const Reader = protocol("reader@1", {
  trip: tell(),
  words: stream<{ text: string }, { word: string }, { words: number }>(),
});

const reader = actor(Reader, () => ({}), {
  trip: () => {
    throw new Error("it tripped");
  },
  async *words(ctx, { text }) {
    const words = text.split(" ");
    for (const word of words) {
      if (ctx.signal.aborted) break;
      yield { word };
    }
    return { words: words.length };
  },
});

// Without `log`, the failure is one structured line on standard error.
const system = createSystem({ log: silentLog });
const tree = supervisor({
  strategy: "one-for-one",
  intensity: { restarts: 3, within: "30s" },
  children: [child(reader, { name: "reader", backoff: { initial: "10ms", max: "1s" } })],
});
await system.spawn(tree, { name: "tree" }).ready;

const ref = system.refOf(Reader, `${system.node}/tree/reader`);
ref.tell("trip");
const words = ref.stream("words", { text: "still here" }, { timeout: "5s" });
for await (const { word } of words) process.stdout.write(`${word}\n`);
process.stdout.write(`${(await words.result).words} words\n`);
await system.shutdown();
