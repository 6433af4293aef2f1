/* What handbill.d.ts says is what the client has: tsc finds where they part. */
import type { Client, LoadOptions as Load, PluginOptions as Plugin } from "../src/client";
import type { Detail as Told, Happening } from "../src/events";
import type { createMethods } from "../src/methods";
import type { InboxHappening, Inbox as Box } from "../src/parts/inbox";
import type { Sent as Event } from "../src/queue";
import type { Detail, EventName, Handbill, Inbox, InboxEventName, LoadOptions, PluginOptions, Sent } from "./handbill";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

/** The queue's push is there before the methods are. */
type Methods = keyof ReturnType<typeof createMethods> | "push";

export const methods: Same<keyof Handbill, Methods> = true;
export const events: Same<EventName, `in-app:message-${Happening}`> = true;
export const details: Same<keyof Detail, keyof Told | "message"> = true;
export const options: Same<keyof PluginOptions, keyof Plugin> = true;
export const loading: Same<keyof LoadOptions, keyof Load> = true;
export const inbox: Same<Inbox, Box> = true;
export const opened: Same<ReturnType<Handbill["inbox"]>, ReturnType<Client["inbox"]>> = true;
export const inboxEvents: Same<InboxEventName, `in-app-inbox:message-${InboxHappening}`> = true;
export const sent: Same<Sent["event"], Event> = true;

/** What a site's code may write, in strict mode. */
export async function site(cioanalytics: Handbill): Promise<void> {
  (window.cioanalytics ??= [] as never).push(["identify", "ada", { email: "ada@example.com" }], ["page"]);
  await cioanalytics.identify({ plan: "trial" });
  await cioanalytics.identify("ada", { plan: "trial" }, { context: { userHash: "5f1d" } });
  const answer = await cioanalytics.show("whats-new");
  if (!answer.shown) document.title = answer.reason;
  cioanalytics.load("example-web", {
    integrations: { "Customer.io In-App Plugin": { anonymousInApp: true, events: ({ type, detail }) => (document.title = `${type} ${detail.messageId}`) } },
  });
  document.addEventListener("in-app:message-opening", (event) => event.preventDefault());
  document.addEventListener("in-app:message-action", ({ detail }) => detail.actionValue === "event:open-chat" && detail.message.dismiss());
}
