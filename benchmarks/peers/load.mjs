// The load of one measurement: `connections` that each send the next request as soon as they have the last answer.
// Warms up, measures, prints one line of JSON. Which slugs and tokens there are stands in the file --rows.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import autocannon from "autocannon";

const { values: given } = parseArgs({
  options: {
    url: { type: "string" },
    workload: { type: "string" },
    rows: { type: "string" },
    connections: { type: "string", default: "32" },
    seconds: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "2" },
  },
});
const { slugs, tokens } = JSON.parse(await readFile(given.rows, "utf8"));
const WORDS = `course place price start date group company invoice question laptop certificate beginner python design
  weekend evening teacher lesson offer team budget answer account address thank please could would know which`.split(/\s+/);
const run = Date.now().toString(36);
let sent = 0;

const pick = (words) => words[Math.floor(Math.random() * words.length)];
const sentence = (length) => Array.from({ length }, () => pick(WORDS)).join(" ");

// Each message differs from every other, and comes from one of 65,536 addresses behind one proxy.
function nextContact(request) {
  const number = sent++;
  const body = {
    name: `${pick(WORDS)} ${pick(WORDS)}`,
    email: `${run}.${number}@example.com`,
    phone: "+49 30 1234567",
    subject: `${sentence(4)}?`,
    message: `${sentence(40)}. My number is ${run}-${number}.`,
  };
  const address = `10.0.${(number >> 8) & 255}.${number & 255}`;
  const headers = { "content-type": "application/json", "x-forwarded-for": address };
  return { ...request, headers, body: JSON.stringify(body) };
}

const WORKLOADS = {
  catalogue: () => [{ path: "/api/v1/courses/courses/" }],
  detail: () => slugs.map((slug) => ({ path: `/api/v1/courses/courses/${slug}/` })),
  profile: () =>
    tokens.map((token) => ({ path: "/api/v1/users/profile/", headers: { authorization: `Bearer ${token}` } })),
  contact: () => [{ method: "POST", path: "/api/v1/contacts/contacts/", setupRequest: nextContact }],
};

// Requests of its own for each connection: autocannon keeps what it is about to send in the request itself.
function send(seconds) {
  return autocannon({
    url: given.url,
    connections: Number(given.connections),
    duration: seconds,
    setupClient: (client) => client.setRequests(WORKLOADS[given.workload]()),
  });
}

const warmed = await send(Number(given["warm-up"]));
const result = await send(Number(given.seconds));
console.log(
  JSON.stringify({
    rate: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    answers: result.requests.total,
    bytes: result.throughput.total,
    errors: warmed.errors + result.errors,
    non2xx: warmed.non2xx + result.non2xx,
    reconnected: warmed.resets + result.resets,
  }),
);
