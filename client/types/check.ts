/* What handbill.d.ts says is what the client has: tsc finds where they part. */
import type { Client, PluginOptions as Plugin } from "../src/client";
import type { Detail as Told, Happening } from "../src/events";
import type { createMethods } from "../src/methods";
import type { InboxHappening, Inbox as Box } from "../src/parts/inbox";
import type { Sent as Event } from "../src/queue";
import type { Detail, EventName, Handbill, Inbox, InboxEventName, PluginOptions, Sent } from "./handbill";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

/** A site's own code loads nothing: the snippet does. */
type Methods = Exclude<keyof ReturnType<typeof createMethods>, "load">;

export const methods: Same<keyof Handbill, Methods> = true;
export const events: Same<EventName, `in-app:message-${Happening}`> = true;
export const details: Same<keyof Detail, keyof Told | "message"> = true;
export const options: Same<keyof PluginOptions, keyof Plugin> = true;
export const inbox: Same<Inbox, Box> = true;
export const opened: Same<ReturnType<Handbill["inbox"]>, ReturnType<Client["inbox"]>> = true;
export const inboxEvents: Same<InboxEventName, `in-app-inbox:message-${InboxHappening}`> = true;
export const sent: Same<Sent["event"], Event> = true;
