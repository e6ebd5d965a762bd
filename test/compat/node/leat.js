// Servers and clients for the tests.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const ready = "leat is ready on ";

// How long a test waits for an event that is certain to come.
export const eventMillis = 30_000;

// The ways in which the SDK talks to a server: its default for Kinesis is
// HTTP/2, with prior knowledge where the endpoint is not https.
export const transports = {
  "HTTP/2": {},
  "HTTP/1.1": { handler: () => new NodeHttpHandler() },
  "HTTP/2 over TLS": { secure: true },
  "HTTP/1.1 over TLS": { secure: true, handler: () => new NodeHttpHandler() },
};

// serve starts a leat with a data directory of its own, ended after the test.
// Its authority is the one that NODE_EXTRA_CA_CERTS names.
export async function serve(t, ...flags) {
  const dir = await mkdtemp(join(tmpdir(), "leat-node-"));
  await cp(join(process.env.LEAT_AUTHORITY, "tls"), join(dir, "data", "tls"), { recursive: true });
  const child = spawn(
    process.env.LEAT_BIN,
    ["serve", "--listen", "127.0.0.1:0", "--data-dir", join(dir, "data"), "--log-level", "warn", ...flags],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit", { signal: AbortSignal.timeout(eventMillis) });
    }
    await rm(dir, { recursive: true });
  });
  // Of a server that ends without a word the first line is undefined.
  const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  if (!line?.startsWith(ready)) {
    throw new Error(`leat said ${JSON.stringify(line)} instead of being ready`);
  }
  return line.slice(ready.length);
}

// connect returns a client that reports errors instead of retrying them.
export function connect(t, endpoint, transport) {
  const { secure, handler } = transports[transport];
  const client = new KinesisClient({
    endpoint: secure ? endpoint.replace("http:", "https:") : endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
    ...(handler && { requestHandler: handler() }),
  });
  t.after(() => client.destroy());
  return client;
}

// until repeats an attempt until it answers something other than undefined.
export async function until(attempt) {
  const deadline = Date.now() + eventMillis;
  while (Date.now() < deadline) {
    const answer = await attempt();
    if (answer !== undefined) {
      return answer;
    }
  }
  throw new Error(`no answer within ${eventMillis} ms`);
}
