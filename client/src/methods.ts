import type { Client, LoadOptions } from "./client";
import { anonymousId, setAnonymousId, userId } from "./identity";
import type { Listener } from "./emitter";
import type { Rare } from "./parts/calls";
import { keeper } from "./storage";

export type Method = (...args: unknown[]) => unknown;

/** What few sites call, and a part of the client does; see there. */
const RARE = "show debug trackClick trackLink trackSubmit trackForm addSourceMiddleware addIntegrationMiddleware addDestinationMiddleware".split(" ") as Rare[];

/** The methods of the page's global: those of the reference client's stub, with `load` and `user`. */
export function createMethods(client: Client) {
  const { events } = client;

  /** Does what a method does, tells who listens for it, and calls the callback that any method may end with. */
  const call = (name: string, args: unknown[], result: Promise<unknown>): Promise<unknown> => {
    const callback = args.find(isFunction);
    events.emit(name, ...args.filter((argument) => argument !== callback));
    return callback ? result.then((context) => (callback(context), context)) : result;
  };

  const track: Method = (...args) => call("track", args, client.send("track", { event: `${args[0]}`, properties: objects(args)[0] ?? {} }));

  const page: Method = (...args) => {
    // One text is the page's name; of two the first is its category.
    const [first, second] = args.filter((argument) => typeof argument === "string");
    return call("page", args, client.page(second ?? first, objects(args)[0]));
  };

  return {
    load: (_key, options) => client.load(options as LoadOptions | undefined),
    identify: (...args) => {
      // Behind an id, null stands for no traits; what comes after them are the options.
      const [traits, options] = id(args[0]) ? args.filter((argument) => typeof argument === "object") : objects(args);
      return call("identify", args, client.identify(id(args[0]), traits ?? {}, (options as { context?: unknown } | undefined)?.context));
    },
    track,
    page,
    pageview: () => page(),
    group: (...args) => call("group", args, client.send("group", { groupId: id(args[0]), traits: objects(args)[0] ?? {} })),
    alias: (...args) => call("alias", args, client.send("alias", { userId: id(args[0]), previousId: id(args[1]) ?? userId() ?? anonymousId() })),
    reset: () => (client.reset(), call("reset", [], Promise.resolve())),
    ready: (...args) => call("ready", args, Promise.resolve()),
    pause: () => client.stage.pause(true),
    resume: () => client.stage.pause(false),
    setAnonymousId: (given) => (setAnonymousId(`${given}`), given),
    user: () => ({ id: () => userId() ?? null, anonymousId }),
    on: (name, listener) => events.on(`${name}`, listener as Listener),
    once: (name, listener) => events.once(`${name}`, listener as Listener),
    off: (name, listener) => events.off(`${name}`, listener as Listener | undefined),
    inbox: (...topics) => client.inbox(topics as string[]),
    ...(Object.fromEntries(RARE.map((name) => [name, (...args: unknown[]) => client.rare(name, { ...client, track }, args)])) as Record<Rare, Method>),
    ...(keeper().handbill?.methods(client.look) as { consent?: Method } | undefined),
  } satisfies Record<string, Method>;
}

function id(argument: unknown): string | undefined {
  return typeof argument === "string" || typeof argument === "number" ? `${argument}` || undefined : undefined;
}

function objects(args: unknown[]): object[] {
  return args.filter((argument): argument is object => !!argument && typeof argument === "object");
}

function isFunction(argument: unknown): argument is Method {
  return typeof argument === "function";
}
