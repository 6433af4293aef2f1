/* What handbill.d.ts says is what the client has: tsc finds where they part. */
import type { PluginOptions as Plugin } from "../src/client";
import type { Detail as Told, Happening } from "../src/events";
import type { Inbox as Box } from "../src/parts/inbox";
import type { Sent as Event } from "../src/queue";
import type { Detail, EventName, Inbox, PluginOptions, Sent } from "./handbill";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

export const events: Same<EventName, `in-app:message-${Happening}`> = true;
export const details: Same<keyof Detail, keyof Told | "message"> = true;
export const options: Same<keyof PluginOptions, keyof Plugin> = true;
export const inbox: Same<Inbox, Box> = true;
export const sent: Same<Sent["event"], Event> = true;
