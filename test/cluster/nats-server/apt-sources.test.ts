import t from "tap";
import { aptMirrors } from "../../../cluster/nats-server/apt-sources.ts";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

t.test("aptMirrors", async (t) => {
  t.test(
    "reads deb822 sources and leaves out other suites, other archives and sources",
    async (t) => {
      const text = [
        "# the mirror",
        "Types: deb deb-src",
        "URIs: http://mirror.one/debian",
        "# http://a.comment/in/the/middle",
        "Suites: bookworm bookworm-updates",
        "Components: main contrib",
        `Signed-By: ${keyring}`,
        "",
        "Types: deb",
        "URIs: http://mirror.one/security",
        "Suites: bookworm-security",
        "Components: main",
        "",
        "Types: deb-src",
        "URIs: http://mirror.src/debian",
        "Suites: bookworm",
        "Components: main",
        "",
        "Enabled: no",
        "Types: deb",
        "URIs: http://mirror.off/debian",
        "Suites: bookworm",
        "Components: main",
        "",
        "Types: deb",
        "URIs: http://mirror.two/debian",
        "  http://mirror.three/debian",
        "Suites: bookworm",
        "Components: main",
        "Signed-By:",
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
      ].join("\n");
      t.strictSame(aptMirrors([{ name: "debian.sources", text }], "bookworm"), [
        { uri: "http://mirror.one/debian", signedBy: keyring },
        { uri: "http://mirror.two/debian", signedBy: undefined },
        { uri: "http://mirror.three/debian", signedBy: undefined },
      ]);
    },
  );

  t.test("reads one-line sources, with and without options, each mirror once", async (t) => {
    const text = [
      "# deb http://commented.out/debian trixie main",
      `deb [arch=amd64 signed-by=${keyring}] http://mirror.one/debian trixie main contrib # note`,
      "deb http://mirror.two/debian trixie main",
      "deb http://mirror.two/debian trixie main non-free",
      "deb http://other.repo/apt other main",
      "deb-src http://mirror.three/debian trixie main",
    ].join("\n");
    t.strictSame(aptMirrors([{ name: "sources.list", text }], "trixie"), [
      { uri: "http://mirror.one/debian", signedBy: keyring },
      { uri: "http://mirror.two/debian", signedBy: undefined },
    ]);
  });
});
