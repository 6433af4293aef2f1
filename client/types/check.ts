/* What handbill.d.ts says is what the client has: tsc finds where they part. */
import type { Arrived, Client, LoadOptions as Load, PluginOptions as Plugin } from "../src/client";
import type { Listener as Heard } from "../src/emitter";
import type { Detail as Told, Happening } from "../src/events";
import type { createMethods } from "../src/methods";
import type { InboxHappening, Inbox as Box } from "../src/parts/inbox";
import type { Sent as Event } from "../src/queue";
import type { Middleware as Changes, Payload as Changed, Rare, Taken } from "../src/parts/calls";
import type { Detail, EventName, Handbill, InAppEvent, Inbox, InboxEvent, InboxEventName, Listener, LoadOptions, Middleware, Payload, PluginOptions, Sent } from "./handbill";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

type All = ReturnType<typeof createMethods>;
/** The queue's push is there before the methods are. */
type Methods = keyof All | "push";
/** What gives the client itself, where the method has nothing to say: its calls can be chained. */
type Chained = "pause" | "resume" | "on" | "once" | "off" | "consent";

/** What a method takes and what becomes of it are those of the client's own: everything that sites are told they may give, and no more. */
type Arguments<Type> = Type extends (...given: infer Given) => unknown ? Given : never;
type RareArguments = { [Name in Rare]: Same<Arguments<Handbill[Name]>, Taken<Name>> };
type AllTrue<Checks> = Same<Checks[keyof Checks], true>;

export const methods: Same<keyof Handbill, Methods> = true;
export const takes = (client: All): Pick<Handbill, Exclude<keyof All, Chained>> => client;
export const rareArguments: AllTrue<RareArguments> = true;
export const shown: Same<Awaited<ReturnType<Handbill["show"]>>, Awaited<ReturnType<All["show"]>>> = true;
export const middlewares: Same<Middleware, Changes> = true;
export const payloads: Same<Payload, Changed> = true;
export const heard: Listener<InAppEvent> | Listener<InboxEvent> extends Heard ? true : false = true;
export const events: Same<EventName, `in-app:message-${Happening}`> = true;
export const details: Same<Omit<Detail, "message">, Told> = true;
export const optionNames: Same<keyof PluginOptions, keyof Plugin> = true;
export const options: PluginOptions extends Plugin ? true : false = true;
export const arrived: Same<Sent, Arrived> = true;
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
  if (!answer?.shown) document.title = answer?.reason ?? "not now";
  cioanalytics.load("example-web", {
    integrations: { "Customer.io In-App Plugin": { anonymousInApp: true, events: ({ type, detail }) => (document.title = `${type} ${detail.messageId}`) } },
  });
  document.addEventListener("in-app:message-opening", (event) => event.preventDefault());
  document.addEventListener("in-app:message-action", ({ detail }) => detail.actionValue === "event:open-chat" && detail.message.dismiss());
}
