/** A real redis-server's binary, and a client that speaks as little of its protocol as tests need. */
import { connect } from "node:net";
import { locateRedis } from "../../../benchmarks/redis/locate.ts";
import type { RedisBinary } from "../../../benchmarks/redis/redis-binary.ts";

/** The machine's redis-server, or the distribution's. */
export async function redisBinary(): Promise<RedisBinary> {
  const found = await locateRedis({ env: process.env });
  if (!found.ok) throw new Error(`install redis-server to run these tests: ${found.error}`);
  return found.value;
}

/** What a server answers to inline commands, until it closes. */
export function answerOf(port: number, ...commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.write([...commands, "QUIT"].map((command) => `${command}\r\n`).join(""));
    });
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
  });
}
