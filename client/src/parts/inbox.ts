import type { Client } from "../client";

/** A message in the inbox as the edge tells of it. */
interface Told {
  messageId: string;
  deliveryId: string;
  opened: boolean;
  sentAt: string;
  expiry?: string;
  type: string;
  topics: string[];
  properties: Record<string, unknown>;
}

/** A poll's answer, as far as it is about the inbox. */
interface Answer {
  /** Missing where what is held still holds. */
  inboxGeneration?: string;
  inboxMessages?: Told[];
  inboxStyle?: string;
}

/** A message in the inbox, in the reference client's shape. */
export interface InboxMessage {
  readonly messageId: string;
  readonly deliveryId: string;
  readonly opened: boolean;
  readonly properties: Record<string, unknown>;
  /** When it came and when it leaves by itself, in ISO 8601. */
  readonly sentAt: string;
  readonly expiresAt: string | undefined;
  readonly type: string;
  readonly topics: string[];
  trackClick(actionName?: string, actionValue?: string): Promise<void>;
  markOpened(): Promise<void>;
  markUnopened(): Promise<void>;
  markDeleted(): Promise<void>;
}

export interface Inbox {
  total(): Promise<number>;
  totalUnopened(): Promise<number>;
  messages(): Promise<InboxMessage[]>;
  /** Calls back with the messages whenever they have changed; returns what ends that. */
  onUpdates(heard: (messages: InboxMessage[]) => void): () => void;
}

/** What the site hears of. */
export type InboxHappening = "opened" | "dismissed" | "action";

/** What was done here to a message. */
interface Change {
  opened?: boolean;
  deleted?: boolean;
}

const NOTHING = "none";
const ELEMENT = "handbill-inbox";

/** The generation of what is held; polls name it. Empty before anybody has asked. */
export let held = "";

let client: Client;
let style = "";
let list: Told[] = [];
/** What is not in what the edge tells yet: its report is on its way. */
const done = new Map<string, Change>();
const listeners = new Set<() => void>();
let arrive: () => void;
/** Resolves when the edge has told of the inbox once. */
const arrived = new Promise<void>((resolve) => (arrive = resolve));
/** Whether the edge says that an inbox is drawn where the page has no place for one. */
let drawn = false;

/** Returns what gives the messages of some topics. The edge's word is "true" where an inbox is drawn, unasked; missing where a site's own code asks. */
export function begin(given: Client, word?: string): typeof open {
  client = given;
  draw(word === "true");
  return open;
}

/** The edge has answered a poll; nothing stands for a visitor who has no inbox. */
export function hear(answer: Answer = { inboxGeneration: NOTHING }): void {
  const { inboxGeneration, inboxMessages = [], inboxStyle = "" } = answer;
  if (!inboxGeneration) return;
  held = inboxGeneration;
  style = inboxStyle;
  list = inboxMessages;
  for (const [id, change] of done) {
    const told = list.find(({ deliveryId }) => deliveryId === id);
    if (!told || (!change.deleted && told.opened === change.opened)) done.delete(id);
  }
  arrive();
  changed();
}

/** Without topics, an inbox on the page is meant. */
function open(topics?: string[]): Inbox {
  if (!held) {
    held = NOTHING;
    client.look(true);
  }
  const now = (): InboxMessage[] => {
    const time = new Date().toISOString();
    return list
      .map((told) => ({ ...told, ...done.get(told.deliveryId) }) as Told & Change)
      .filter(({ deleted, expiry, topics: its }) => {
        if (deleted || (expiry && expiry < time)) return false;
        if (!topics) return its.some((topic) => topic.startsWith("cio_inbox"));
        return topics.length ? its.some((topic) => topics.includes(topic)) : !its.some((topic) => topic.startsWith("_cio"));
      })
      .map(messageOf);
  };
  const messages = (): Promise<InboxMessage[]> => arrived.then(now);
  return {
    messages,
    total: () => messages().then(({ length }) => length),
    totalUnopened: () => messages().then((all) => all.filter(({ opened }) => !opened).length),
    onUpdates(heard) {
      let last = "";
      const tell = (): void => {
        const all = now();
        if (last === (last = JSON.stringify(all))) return;
        try {
          heard(all);
        } catch (error) {
          // The site's own mistake, shown to the site's developer.
          reportError(error);
        }
      };
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
  };
}

function messageOf({ messageId, deliveryId, opened, properties, sentAt, expiry, type, topics }: Told): InboxMessage {
  const say = async (metric: string, event: InboxHappening | "", particulars?: object): Promise<void> => {
    const detail = { messageId, deliveryId, ...particulars };
    const sent = client.send("track", { event: "Report Delivery Event", properties: { ...detail, metric } });
    if (event) {
      const told = new CustomEvent(`in-app-inbox:message-${event}`, { detail });
      for (const name of ["in-app", told.type]) client.events.emit(name, told);
      document.dispatchEvent(told);
    }
    await sent;
  };
  const change = async (to: Change, metric: string, event: InboxHappening | ""): Promise<void> => {
    const before = { opened, ...done.get(deliveryId) };
    if (before.deleted || before.opened === to.opened) return;
    done.set(deliveryId, { ...before, ...to });
    const sent = say(metric, event);
    changed();
    await sent;
  };
  return {
    messageId, deliveryId, opened, properties, sentAt, expiresAt: expiry, type, topics,
    trackClick: (actionName, actionValue) => say("clicked", "action", { actionName, actionValue }),
    markOpened: () => change({ opened: true }, "opened", "opened"),
    markUnopened: () => change({ opened: false }, "unopened", ""),
    markDeleted: () => change({ deleted: true }, "dismissed", "dismissed"),
  };
}

function changed(): void {
  for (const tell of listeners) tell();
}

/** Shows an inbox where the page has a place for one, or where it has none in a corner of it, as soon as there is something in it. */
function draw(unasked: boolean): void {
  // The place may be further down in the page.
  if (document.readyState === "loading") return document.addEventListener("DOMContentLoaded", () => draw(unasked));
  if (!unasked && !document.querySelector(ELEMENT)) return;
  const all = open();
  void arrived.then(() => import(import.meta.url.replace("/inbox-", "/bell-"))).then((part: typeof import("./bell")) => part.define(client, open, () => style)).catch(() => {});
  if (!unasked || drawn) return;
  drawn = true;
  const come = (messages: InboxMessage[]): void => {
    if (!messages.length || document.querySelector(ELEMENT)) return;
    const made = document.createElement(ELEMENT);
    made.setAttribute("floating", "");
    document.body.append(made);
  };
  all.onUpdates(come);
  void all.messages().then(come);
}
