import type { Handbill } from "../types/handbill";
import type { Client, LoadOptions } from "./client";
import { anonymousId, setAnonymousId, userId } from "./identity";
import type { Listener } from "./emitter";
import type { Became, Rare, Taken } from "./parts/calls";
import { keeper } from "./storage";

export type Method = (...args: never[]) => unknown;

/** What a site gives a method: what the types for sites say, and what a stub in the page may hold all the same is read with care. */
type Given<Name extends "track" | "group" | "alias" | "ready" | "setAnonymousId" | "inbox" | Rare> = Parameters<Handbill[Name]>;
type OfIdentify = Handbill["identify"] extends { (...named: infer Named): unknown; (...known: infer Known): unknown } ? Named | Known : never;
type OfPage = Handbill["page"] extends { (...named: infer Named): unknown; (...both: infer Both): unknown } ? Named | Both : never;

type Callback<Result> = (context: Result) => void;

/** What few sites call, and a part of the client does; see there. */
const RARE = "show debug trackClick trackLink trackSubmit trackForm addSourceMiddleware addIntegrationMiddleware addDestinationMiddleware".split(" ") as Rare[];

/** The methods of the page's global: those of the reference client's stub, with `load` and `user`. */
export function createMethods(client: Client) {
  const { events } = client;

  /** Does what a method does, tells who listens for it, and calls the callback that any method may end with. */
  const call = <Result>(name: string, args: unknown[], result: Promise<Result>): Promise<Result> => {
    const callback = args.find((argument) => typeof argument === "function") as Callback<Result> | undefined;
    events.emit(name, ...args.filter((argument) => argument !== callback));
    return callback ? result.then((context) => (callback(context), context)) : result;
  };

  const track = (...args: Given<"track">) => call("track", args, client.send("track", { event: `${args[0]}`, properties: objects(args)[0] ?? {} }));

  const page = (...args: OfPage) => {
    // One text is the page's name; of two the first is its category.
    const [first, second] = (args as unknown[]).filter((argument) => typeof argument === "string");
    return call("page", args, client.page(second ?? first, objects(args)[0]));
  };

  return {
    load: (_key: string, options?: LoadOptions) => client.load(options),
    identify: (...args: OfIdentify) => {
      // Behind an id, null stands for no traits; what comes after them are the options.
      const [traits, options] = id(args[0]) ? (args as unknown[]).filter((argument) => typeof argument === "object") : objects(args);
      return call("identify", args, client.identify(id(args[0]), traits ?? {}, (options as { context?: unknown } | undefined)?.context));
    },
    track,
    page,
    pageview: () => page(),
    group: (...args: Given<"group">) => call("group", args, client.send("group", { groupId: id(args[0]), traits: objects(args)[0] ?? {} })),
    alias: (...args: Given<"alias">) => call("alias", args, client.send("alias", { userId: id(args[0]), previousId: id(args[1]) ?? userId() ?? anonymousId() })),
    reset: () => (client.reset(), call("reset", [], Promise.resolve())),
    ready: (...args: Given<"ready">) => call("ready", args, Promise.resolve()),
    pause: () => client.stage.pause(true),
    resume: () => client.stage.pause(false),
    setAnonymousId: (...[given]: Given<"setAnonymousId">) => (setAnonymousId(`${given}`), given),
    user: () => ({ id: () => userId() ?? null, anonymousId }),
    on: (name: string, listener: Listener) => events.on(`${name}`, listener),
    once: (name: string, listener: Listener) => events.once(`${name}`, listener),
    off: (name: string, listener?: Listener) => events.off(`${name}`, listener),
    inbox: (...topics: Given<"inbox">) => client.inbox(topics),
    ...(Object.fromEntries(RARE.map((name) => [name, (...args: unknown[]) => client.rare(name, { ...client, track }, args)])) as RareMethods),
    ...(keeper().handbill?.methods(client.look) as { consent?: Method } | undefined),
  } satisfies Record<string, Method>;
}

/** The part says what each takes and what becomes of it. */
type RareMethods = { [Name in Rare]: (...given: Taken<Name>) => Promise<Awaited<Became<Name>> | undefined> };

function id(argument: unknown): string | undefined {
  return typeof argument === "string" || typeof argument === "number" ? `${argument}` || undefined : undefined;
}

function objects(args: unknown[]): object[] {
  return args.filter((argument): argument is object => !!argument && typeof argument === "object");
}
