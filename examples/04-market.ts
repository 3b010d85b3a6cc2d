/**
 * Market: sentences are auctioned among bidders that guess their language, a cheap one that looks at
 * accents and a dear one that compares every word. The market learns when the cheap one is enough.
 */
import { auctioneer, bidder, createSystem, verdictsOn } from "troupe";

const WORDS = new Map([
  ["de", "der die das und ist nicht eine wir für über schön straße grün zug fährt".split(" ")],
  ["fr", "le la les et pas une nous très déjà beau garçon été train part où".split(" ")],
  ["es", "el la los y no una nosotros muy mañana niño señor está tren sale cómo".split(" ")],
]);
const ACCENTS = Object.entries({ de: /[äöüß]/, fr: /[çèêàù]/, es: /[ñ]/ });
const cheap = bidder({
  kind: "accents",
  capability: "language@1",
  price: (text: string) => text.length * ACCENTS.length,
  perform: (text) => {
    const found = ACCENTS.find(([, accent]) => accent.test(text))?.[0];
    return { result: found ?? "de", confidence: found === undefined ? 0.3 : 0.99 };
  },
});
const priceOf = (text: string): number => text.length * [...WORDS.values()].flat().length;
function byWords(text: string): string {
  const hits = (words: readonly string[]): number =>
    text.split(" ").filter((word) => words.includes(word)).length;
  return [...WORDS].sort(([, a], [, b]) => hits(b) - hits(a))[0]?.[0] ?? "de";
}
const perform = (text: string) => ({ result: byWords(text), confidence: 0.9 });
const dear = bidder({ kind: "words", capability: "language@1", price: priceOf, perform });

const system = createSystem();
const hall = system.spawn(auctioneer({ bidWindow: "50ms" }), { name: "hall" });
for (const definition of [cheap, cheap, dear]) await system.spawn(definition).ready;

let [costMicros, dearestMicros, right] = [0, 0, 0];
for (let i = 0; i < 300; i++) {
  const [language, words] = [...WORDS][i % 3] ?? ["", []];
  const task = Array.from({ length: 5 }, (_, at) => words[(i * 7 + at * 4) % words.length]).join(
    " ",
  );
  const offer = { capability: "language@1", task, valueMicros: 25 * priceOf(task) };
  const sold = await hall.ask("auction", offer);
  if (sold.kind !== "awarded") throw new Error(`auction ${sold.auction} ended ${sold.kind}`);
  const results = sold.attempts.filter((attempt) => attempt.outcome === "informed");
  const isCompared = results.some(({ kind }) => kind === "words");
  const isChecked = isCompared || sold.verify !== "none";
  const answer = isChecked ? byWords(task) : sold.best.result;
  const verdicts = verdictsOn(results, (result) => result === answer);
  if (isChecked) hall.tell("verified", { auction: sold.auction, ...verdicts });
  costMicros += sold.costMicros + (isChecked && !isCompared ? priceOf(task) : 0);
  dearestMicros += priceOf(task);
  right += answer === language ? 1 : 0;
}
const { market } = await hall.ask("report");
const share = Math.round((100 * costMicros) / dearestMicros);
process.stdout.write(`${right} of 300 right at ${share} % of the dear bidder's cost, `);
process.stdout.write(`${Math.round(market.quality.outcomes)} results verified\n`);
await system.shutdown();
