/** What callers are told when the transport could not carry an envelope. */
import type { UndeliveredReason } from "../ports/transport.ts";
import type { ErrorCode } from "../troupe-error.ts";

/** The code of the error that stands for it. */
export function undeliveredCode(reason: UndeliveredReason): ErrorCode {
  switch (reason) {
    case "too-large":
      return "payload.too-large";
    case "undecodable":
      return "ask.undecodable";
    case "unsupported":
      return "node.too-old";
    case "disconnected":
    case "overflow":
      return "node.disconnected";
  }
}
