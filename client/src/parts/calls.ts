import type { Emitter } from "../emitter";
import type { Answer } from "../message";
import type { Sent } from "../queue";
import type { Stage } from "../show/stage";

/** What the methods here work with. */
export interface Around {
  events: Emitter;
  stage: Stage;
  /** The messages that are asked for, each with the delivery whose button did, if it was one. */
  wanted: Record<string, string>;
  look(): void;
  track(event: string, properties?: object): void;
}

type Call = (around: Around, ...args: never[]) => unknown;

/** The methods of the page's global that few sites call, by their names. What they return is of no use. */
const calls = {
  show,
  trackClick: trackOn("click"),
  trackLink: trackOn("click"),
  trackSubmit: trackOn("submit"),
  trackForm: trackOn("submit"),
  debug,
  addSourceMiddleware: (_around: Around, middleware: Middleware) => void middlewares.push(middleware),
  addDestinationMiddleware: (_around: Around, name: string, ...added: Middleware[]) => void (isOurs(name) && middlewares.push(...added.map(forDestination))),
  addIntegrationMiddleware: (_around: Around, middleware: Middleware, name?: string) =>
    void (isOurs(name ?? DESTINATION) && middlewares.push(forDestination(middleware))),
} satisfies Record<string, Call>;

export type Rare = keyof typeof calls;
export type Taken<Name extends Rare> = (typeof calls)[Name] extends (around: Around, ...args: infer Args) => unknown ? Args : never;
export type Became<Name extends Rare> = ReturnType<(typeof calls)[Name]>;

/** Does what a method does. A mistake is shown to the site's developer, and nothing else. */
export function call(name: Rare, around: Around, args: unknown[]): unknown {
  try {
    return (calls[name] as Call)(around, ...(args as never[]));
  } catch (error) {
    reportError(error);
    return undefined;
  }
}

/** What became of a message that the site's code asked for. */
export interface Asked {
  shown: boolean;
  /** Why not: as the edge, or the event suppressed or error, says. */
  reason?: string;
}

/** Asks the edge for a message, whenever it is due. Resolves when it has opened, or it is known that it will not. */
function show({ events, stage, wanted, look }: Around, id: string): Promise<Asked> {
  const name = `${id}`;
  if (document.querySelector(`handbill-message[data-message="${CSS.escape(name)}"]`)) return Promise.resolve({ shown: true });
  return new Promise((done) => {
    const end = (asked: Asked): void => {
      events.off("in-app", happened);
      events.off("poll", answered);
      if (!asked.shown) delete wanted[name];
      done(asked);
    };
    const happened = ({ type, detail }: CustomEvent<{ messageId: string; reason?: string }>): void => {
      if (detail.messageId !== name || type.endsWith("opening")) return;
      end(detail.reason && !type.endsWith("opened") ? { shown: false, reason: detail.reason } : { shown: true });
    };
    const answered = ({ inAppMessages, refused }: Answer): void => {
      if (!inAppMessages.some((message) => message?.messageId === name)) end({ shown: false, reason: refused?.[name] ?? "off" });
    };
    events.on("in-app", happened);
    events.on("poll", answered);
    // One that was closed a moment ago comes again.
    for (const key of stage.over.keys()) if (key.split(" ")[0] === name) stage.over.delete(key);
    wanted[name] ??= "";
    look();
  });
}

/** Tracks when something happens to elements: with the events' name and properties, or with what functions of the element say. */
function trackOn(type: string) {
  return ({ track }: Around, elements: Element | Iterable<Element> | null, event: Said<string>, properties?: Said<object>): void => {
    // A form is iterable, too: its fields are not what is meant.
    for (const target of elements instanceof Element ? [elements] : [...(elements ?? [])]) {
      // What is tracked is on its way before the page may be left: it is sent in a way that outlives the page.
      target.addEventListener(type, () => track(value(event, target), value(properties, target)));
    }
  };
}

/** What a site gives as a value, or as a function of the element. */
type Said<Value> = Value | ((element: Element) => Value);

function value<Value>(given: Said<Value>, target: Element): Value {
  return typeof given === "function" ? (given as (element: Element) => Value)(target) : given;
}

const METHODS = ["identify", "track", "page", "group", "alias", "reset"];
const listening = new Map<string, (...args: never[]) => void>();

/** Writes on the console what is called, and what happens to messages; not any more after debug(false). */
function debug({ events }: Around, on = true): void {
  for (const name of [...METHODS, "in-app"]) {
    const listener = listening.get(name) ?? ((...args) => console.debug("Handbill:", name, ...args.map(plain)));
    listening.set(name, listener);
    if (on) events.on(name, listener);
    else events.off(name, listener);
  }
}

function plain(argument: unknown): unknown {
  return argument instanceof CustomEvent ? [argument.type, argument.detail] : argument;
}

/** The name that the reference client has for where events go. */
const DESTINATION = "Customer.io Data Pipelines";

/** Changes events on their way, lets them pass, or keeps them back by calling next with nothing, or not at all. */
export type Middleware = (given: { payload: Payload; next: (payload?: Payload | null) => void; integrations: object; integration?: string }) => unknown;

/** The event, as the reference client's middlewares get it. */
export interface Payload {
  obj: Sent & Record<string, unknown>;
  type(): string;
  event(): unknown;
  userId(): unknown;
  anonymousId(): unknown;
  properties(): unknown;
  traits(): unknown;
}

const middlewares: Middleware[] = [];

function isOurs(name: unknown): boolean {
  return name === "*" || `${name}`.toLowerCase() === DESTINATION.toLowerCase();
}

function forDestination(middleware: Middleware): Middleware {
  return (given) => middleware({ ...given, integration: DESTINATION });
}

function payloadOf(sent: Sent): Payload {
  const obj = sent as Payload["obj"];
  return {
    obj,
    type: () => obj.type,
    event: () => obj.event,
    userId: () => obj.userId,
    anonymousId: () => obj.anonymousId,
    properties: () => obj.properties,
    traits: () => obj.traits,
  };
}

/** Sends an event through all middlewares; undefined when one keeps it back. One that throws lets it pass, and is shown to the site's developer. */
export async function through(sent: Sent): Promise<Sent | undefined> {
  let payload: Payload | null | undefined = payloadOf(sent);
  for (const middleware of middlewares) {
    const given: Payload = payload;
    payload = undefined;
    try {
      await middleware({ payload: given, integrations: {}, next: (next) => (payload = next) });
    } catch (error) {
      reportError(error);
      payload = given;
    }
    if (!payload) return undefined;
  }
  return payload.obj;
}
