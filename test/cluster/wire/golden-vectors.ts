/** The bytes that other releases and languages were told: `test/fixtures/frames.json` and `greetings.json`. */
import { readFileSync } from "node:fs";
import type { Hello, Welcome } from "../../../cluster/ingress/client-hello.ts";
import type { Heartbeat } from "../../../cluster/membership/heartbeat.ts";
import type { FrameHeader } from "../../../cluster/wire/frame.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";

interface Vector {
  readonly name: string;
  /** What is to be seen in it. */
  readonly meaning: string;
  readonly hex: string;
}

/** A frame, with what it says. */
export interface FrameVector extends Vector {
  readonly header: FrameHeader;
  readonly envelopes: readonly Envelope[];
}

/** A message that is no frame, with what it says. */
export type GreetingVector = Vector &
  (
    | { readonly message: "heartbeat"; readonly value: Heartbeat }
    | { readonly message: "hello"; readonly value: Hello }
    | { readonly message: "welcome"; readonly value: Welcome }
    | { readonly message: "refusal"; readonly value: string }
  );

/** All frames. */
export function frameVectors(): readonly FrameVector[] {
  return read("frames.json") as readonly FrameVector[];
}

/** All that is no frame. */
export function greetingVectors(): readonly GreetingVector[] {
  return read("greetings.json") as readonly GreetingVector[];
}

function read(name: string): unknown {
  // From dist/test/cluster/wire to test/fixtures.
  const file = new URL(`../../../../test/fixtures/${name}`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"), (_key, value: unknown) => {
    const isBytes = typeof value === "object" && value !== null && "$bytes" in value;
    return isBytes ? Buffer.from(String(value.$bytes), "hex") : value;
  });
}
