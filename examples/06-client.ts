/** A program that is no node: it reaches the cluster's actors through whichever gateway answers. */
import { connect } from "troupe";
import { Greeter } from "./greeters.ts";

const [, , nats = "nats://127.0.0.1:4222", address = "a/polite"] = process.argv;
const client = await connect({ nats });
process.stdout.write(`${await client.refOf(Greeter, address).ask("greet", "Grace")}\n`);
await client.close();
