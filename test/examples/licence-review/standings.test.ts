import t from "tap";
import { Standings } from "../../../examples/licence-review/standings.ts";

t.test("Standings", async (t) => {
  t.test("count what was taken, checked and right, by name", async (t) => {
    const standings = new Standings();
    standings.won("title");
    standings.checked("title", "right");
    standings.checked("title", "wrong");
    standings.won("keyword");
    t.same(standings.all(), [
      { bidder: "keyword", quality: 0, verified: 0, won: 1 },
      { bidder: "title", quality: 0.5, verified: 2, won: 1 },
    ]);
  });

  t.test("are empty at first", async (t) => {
    t.same(new Standings().all(), []);
  });
});
