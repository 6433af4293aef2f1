// Sends one event of each kind with a server library, twice where the second argument says so. Takes the library's package, the
// site's origin, the path of batches, the write key and a user. Prints what the library says went wrong, and how many events
// it has delivered.
import { createRequire } from "node:module";

const [library, host, path, writeKey, userId] = process.argv.slice(2);
const { Analytics } = createRequire(import.meta.url)(library);
const analytics = new Analytics({ writeKey, host, path, maxRetries: 0, maxEventsInBatch: 50, flushAt: 50 });

let delivered = 0;
const failures = new Set();
analytics.on("error", ({ code, reason }) => failures.add(`${code} ${reason?.message ?? reason}`));
const sent = (error) => {
  if (!error) delivered++;
};

const timestamp = new Date(Date.now() - 60_000);
analytics.track({ userId: "before-" + userId, event: "Visited", timestamp }, sent);
analytics.identify({ userId, traits: { plan: "team", seats: 5 } }, sent);
analytics.track({ userId, event: "Ordered", properties: { total: 42.5 }, messageId: "order-1" }, sent);
analytics.track({ userId, event: "Ordered", properties: { total: 42.5 }, messageId: "order-1" }, sent);
analytics.page({ userId, name: "Billing", properties: { url: host + "/billing" } }, sent);
analytics.screen({ userId, name: "Settings" }, sent);
analytics.group({ userId, groupId: "acme", traits: { name: "Acme" } }, sent);
analytics.alias({ userId, previousId: "before-" + userId }, sent);
analytics.track({ anonymousId: "browser-7", event: "Seen" }, sent);
await analytics.closeAndFlush({ timeout: 20_000 });

for (const failure of failures) console.log(failure);
console.log(`${delivered} delivered`);
