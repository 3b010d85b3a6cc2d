/**
 * Market: sentences are auctioned among bidders that guess their language, a cheap one that looks at
 * accents and a dear one that compares every word. The auctioneer learns when the cheap one is enough.
 */
import { auctioneer, bidder } from "../actors/index.ts";
import { verdictsOn } from "../protocols/index.ts";
import { createSystem } from "../runtime/index.ts";

const WORDS: Readonly<Record<string, string>> = {
  de: "der die das und ist nicht ein eine ich wir für über schön heute straße grün zug fährt",
  fr: "le la les et est pas un une je nous très déjà beau aujourd'hui garçon été train part où",
  es: "el la los y es no un una yo nosotros muy mañana niño hoy señor está tren sale cómo",
};
const ACCENTS: Readonly<Record<string, RegExp>> = { de: /[äöüß]/, fr: /[çèêàù]/, es: /[ñ]/ };

const byAccent = bidder({
  kind: "accent",
  capability: "language@1",
  price: (text: string) => text.length,
  perform: (text) => {
    const found = Object.keys(ACCENTS).find((language) => ACCENTS[language]?.test(text));
    return { result: found ?? "de", confidence: found === undefined ? 0.3 : 0.99 };
  },
});

const byWords = bidder({
  kind: "words",
  capability: "language@1",
  price: (text: string) => text.length * Object.values(WORDS).join(" ").length,
  perform: (text) => ({ result: languageOf(text), confidence: 0.9 }),
});

function languageOf(text: string): string {
  const hits = (language: string): number =>
    text.split(" ").filter((word) => WORDS[language]?.split(" ").includes(word)).length;
  return Object.keys(WORDS).sort((a, b) => hits(b) - hits(a))[0] ?? "de";
}

const system = createSystem();
const hall = system.spawn(auctioneer({ bidWindow: "50ms" }), { name: "hall" });
for (const definition of [byAccent, byAccent, byWords]) await system.spawn(definition).ready;

let [cost, dearest, right] = [0, 0, 0];
for (let i = 0; i < 300; i++) {
  const language = ["de", "fr", "es"][i % 3] ?? "de";
  const words = (WORDS[language] ?? "").split(" ");
  const task = Array.from({ length: 6 }, (_, at) => words[(i * 7 + at * 5) % words.length]).join(
    " ",
  );
  const price = task.length * Object.values(WORDS).join(" ").length;
  const sold = await hall.ask("auction", {
    capability: "language@1",
    task,
    valueMicros: price * 25,
  });
  if (sold.kind !== "awarded") throw new Error(`the auction ended ${sold.kind}`);
  const results = sold.attempts.filter((attempt) => attempt.outcome === "informed");
  const wasCompared = results.some(({ kind }) => kind === "words");
  const isChecked = wasCompared || sold.verify !== "none";
  const answer = isChecked ? languageOf(task) : sold.best.result;
  if (isChecked)
    hall.tell("verified", { auction: sold.auction, ...verdictsOn(results, (r) => r === answer) });
  cost += sold.costMicros + (isChecked && !wasCompared ? price : 0);
  dearest += price;
  if (answer === language) right++;
}
const { market } = await hall.ask("report");
process.stdout.write(
  `${right} of 300 right at ${Math.round((100 * cost) / dearest)} % of the dear bidder's cost, ${market.quality.outcomes} results verified\n`,
);
await system.shutdown();
