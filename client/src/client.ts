import { encode, keeper } from "./storage";
import { anonymousId, forgetIdentity, isReset, resetWasHeard, setUserId, userId } from "./identity";
import { heedRefusals, mayConnect } from "./policy";
import { address, post } from "./endpoint";
import { announce, EVERY, metricOf } from "./events";
import { asked, schemes } from "./scheme";
import { type Answer, NOTHING, readMessages } from "./message";
import { newId, view } from "./id";
import type { Inbox } from "./parts/inbox";
import { tabId } from "./tab";
import type { Told } from "./show/showing";
import { createStage, type Stage } from "./show/stage";
import type { Around, Rare } from "./parts/calls";
import { createQueue, type Sent } from "./queue";
import { createEmitter, type Emitter, type Listener } from "./emitter";
import { visitId } from "./visit";
import type { Fired, Waiter } from "./parts/when";
import type { Site } from "./site";
import { createPoller } from "./poll";
import { timeZone } from "./zone";
import { createLoader, type Parts } from "./parts";

const PLUGIN = "Customer.io In-App Plugin";
const REPORT = "Report Delivery Event";

/** Milliseconds that a click on a button waits for its report before it leads away. */
const FAREWELL = 500;

/** The part of `load`'s options that concerns us, as the reference client has it. */
export interface LoadOptions {
  integrations?: { [PLUGIN]?: PluginOptions | boolean };
  initialPageview?: boolean;
}

export interface PluginOptions {
  siteId?: string;
  /** Whether visitors who are not identified get messages. Absent means off. */
  anonymousInApp?: boolean;
  /** Hears the in-app events. */
  events?: Listener;
  enabled?: boolean;
  /** The colours of messages: "default" light ones, "system" those that the visitor prefers; else the page's, if it says. */
  colorScheme?: string;
}

/** What a call that sends an event resolves to, as the reference client's. */
export interface Arrived {
  event: Sent;
}

/** What the methods of the page's global do their work with. */
export interface Client {
  events: Emitter;
  stage: Stage;
  wanted: Record<string, string>;
  /** The colours of what we show. */
  schemes(): string;
  load(options: LoadOptions | undefined): void;
  /** The context may hold what proves the id. */
  identify(id: string | undefined, traits: unknown, context: unknown): Promise<Arrived | undefined>;
  page(name?: string, properties?: unknown): Promise<Arrived | undefined>;
  /** Sends an event; resolves to it when it arrived or could not be sent for the moment. */
  send(type: string, fields: object): Promise<Arrived>;
  reset(): void;
  /** Does what a method does that few sites call. Events that follow wait for it: it may be one that changes them. */
  rare(name: Rare, around: Around, args: unknown[]): Promise<unknown>;
  /** Asks anew what is due. */
  look(same?: boolean): void;
  /** What lies in the inbox, of some topics. */
  inbox(topics: string[]): Inbox;
  /** Asks the edge what a poll asks, at another path. */
  ask(generation: undefined, path: string): Promise<Response>;
}

export function createClient(site: Site): Client {
  heedRefusals(address(site, "/"));
  const events = createEmitter();
  const queue = createQueue(site);
  const loader = createLoader(site);
  const stage = createStage(tell, leave, loader, look, (name, properties) => {
    events.emit("track", name, properties);
    void send("track", { event: name, properties });
  });
  const poll = createPoller(ask, heard, answered);
  /** Does something with a part, where it can be had. */
  const using = <Name extends keyof Parts>(name: Name, use: (part: Parts[Name]) => void): void => void loader.part(name).then(use, () => {});
  const tab = tabId();
  /** The messages that buttons asked for, and the deliveries that have these buttons; no delivery where the site's code did. */
  const wanted: Record<string, string> = {};
  /** The last events that were tracked on this page, for messages that wait for one. */
  const tracked: Parameters<Waiter["track"]>[] = [];
  let waiter: Waiter | undefined;
  /** What has happened that messages wait for. */
  let fired: Fired[] = [];
  let plugin: PluginOptions = {};
  /** The part that listens to the edge, once a poll was offered a stream. */
  let stream: typeof import("./parts/stream") | undefined;
  /** The part that knows what lies in the inbox, once somebody has asked. */
  let box: typeof import("./parts/inbox") | undefined;
  /** The part that few calls need; from then on events go through it. */
  let calls: Promise<typeof import("./parts/calls") | undefined> | undefined;
  let pageName: string | undefined;
  /** The address of the last page that was counted, and how many there were in this load: single-page applications have several. */
  let counted: string | undefined;
  let number = 0;
  /** The last identify on its way: a poll waits for it, since the traits decide what is due. */
  let identified: Promise<unknown> | undefined;

  function tell(...[{ messageId, deliveryId }, happening, dismiss, particulars]: Parameters<Told>): boolean {
    const detail = { messageId, deliveryId, ...particulars };
    if (happening === "action" && detail.actionValue?.startsWith("show:")) {
      wanted[detail.actionValue.slice(5)] = deliveryId;
      look();
    }
    const metric = metricOf(happening);
    if (metric) queue.add(track(REPORT, { metric, ...detail }));
    if (happening === "dismissed") {
      delete wanted[messageId];
      // There is room for another one. The poll must not offer again what was just closed.
      void queue.flush().then(() => {
        look();
        stream?.changed();
      });
    }
    return announce(events, happening, detail, dismiss);
  }

  function leave(to: string, newTab: boolean): void {
    if (newTab) window.open(to, "_blank", "noopener");
    else void Promise.race([queue.flush(), new Promise((done) => setTimeout(done, FAREWELL))]).then(() => location.assign(to));
  }

  function event(type: string, fields: object) {
    return { type, messageId: newId(), timestamp: new Date().toISOString(), userId: userId() ?? null, anonymousId: anonymousId(), ...fields };
  }

  function track(name: string, properties: object) {
    return event("track", { event: name, properties });
  }

  async function send(type: string, fields: object): Promise<Arrived> {
    const made = event(type, fields);
    // What is to change events, or to keep them back, may not be passed by, also where it cannot be had.
    const sent = calls ? await (await calls)?.through(made) : made;
    if (sent) queue.add(sent);
    await queue.flush();
    return { event: sent ?? made };
  }

  async function rare(name: Rare, around: Around, args: unknown[]): Promise<unknown> {
    calls ??= loader.part("calls").catch(() => undefined);
    return (await calls)?.call(name, around, args);
  }

  async function ask(generation?: string, path = "/api/v4/users"): Promise<Response> {
    await identified;
    const reset = isReset();
    const body = {
      page: { url: location.href, name: pageName, number },
      tab,
      view,
      generation,
      userId: userId(),
      referrer: document.referrer || undefined,
      show: wanted,
      fired,
      zone: timeZone(),
      reset,
      consent: keeper().handbill?.said,
      stream: stream?.heard,
      inbox: box?.held,
    };
    const response = await post(address(site, `${path}?sessionId=${visitId()}`), encode(body));
    if (reset && response.status < 400) resetWasHeard();
    return response;
  }

  /** An answer that still counts: one that was overtaken may offer the stream of another visitor. */
  function heard({ headers }: Response): void {
    const ticket = headers.get("Handbill-Stream");
    if (ticket) using("stream", (it) => (stream = it).offer(ticket, site, look, mayConnect));
    const drawn = headers.get("Handbill-Inbox");
    if (drawn) openBox(drawn).catch(() => {});
  }

  const openBox = (drawn?: string) => loader.part("inbox").then((it) => (box = it).begin(client, drawn));

  function inbox(topics: string[]): Inbox {
    const later = (name: keyof Inbox): [string, unknown] => [
      name,
      (heard?: unknown) => {
        const made = openBox().then((open) => (open(topics)[name] as (heard: unknown) => () => void)(heard));
        made.catch(() => {});
        return heard ? () => void made.then((end) => end()) : made;
      },
    ];
    return Object.fromEntries((["total", "totalUnopened", "messages", "onUpdates"] as const).map(later)) as unknown as Inbox;
  }

  function answered(answer: Answer): void {
    const messages = readMessages(answer);
    events.emit("poll", answer);
    box?.hear(answer as object);
    stage.update(messages.filter(({ when }) => !when));
    const waiting = messages.filter(({ when }) => when);
    if (waiter) waiter.update(waiting);
    else if (waiting[0]) {
      using("when", ({ createWaiter }) => {
        waiter ??= createWaiter(visitId(), tracked, (list) => {
          fired = list;
          look();
        });
        waiter.update(waiting);
      });
    }
  }

  /** Asks anew what is due, if this visitor may be given anything. */
  function look(same?: boolean): void {
    if (plugin.enabled !== false && (userId() || plugin.anonymousInApp)) return poll(0, same);
    poll(Infinity);
    answered(NOTHING);
    box?.hear();
  }

  function load(options: LoadOptions | undefined): void {
    const { [PLUGIN]: given = {} } = options?.integrations ?? {};
    const next = typeof given === "object" ? given : { enabled: given };
    if (plugin.events) events.off(EVERY, plugin.events);
    if (next.events) events.on(EVERY, next.events);
    plugin = next;
    asked.scheme = next.colorScheme;
    look();
  }

  function identify(id: string | undefined, traits: unknown, context: unknown): Promise<Arrived | undefined> {
    if (id) setUserId(id);
    // Without a user there is nobody whose traits they would be.
    const sent = userId() ? send("identify", { traits, context }) : (Promise.resolve() as Promise<undefined>);
    identified = sent;
    look();
    return sent;
  }

  function page(name?: string, properties?: unknown): Promise<Arrived | undefined> {
    // A name for the page that is there already does not make it another one.
    if ((counted !== location.href || (pageName && pageName !== name)) && number++) {
      // What happened on the last page is not waited for on this one.
      tracked.length = 0;
      fired = [];
      waiter?.turn();
    }
    counted = location.href;
    pageName = name;
    look();
    // The poll says where the visitor is; only what it cannot carry is an event of its own, of the same page view.
    const context = { page: { url: location.href, referrer: document.referrer } };
    return name || properties ? send("page", { name, properties, view, number, context }) : (Promise.resolve() as Promise<undefined>);
  }

  function reset(): void {
    forgetIdentity();
    stage.update([]);
    look();
  }

  events.on("track", (...event: Parameters<Waiter["track"]>) => {
    if (tracked.push(event) > 50) tracked.shift();
    waiter?.track(...event);
  });
  // A page that comes back from the back/forward cache is looked at once more.
  addEventListener("pageshow", (event) => event.persisted && number++);

  const opened = location.href;
  if (site.spaRoutes) using("routes", ({ watchRoutes }) => watchRoutes(opened, page));
  const client = { events, stage, wanted, schemes, load, identify, page, send, reset, rare, look, inbox, ask };
  if (opened.includes("handbillDebug=")) using("debug", (it) => it.begin(client));
  return client;
}
