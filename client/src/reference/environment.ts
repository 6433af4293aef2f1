/*
 * The reference client has no option for its hosts. It looks them up in plain objects, each with a property for every
 * environment that it knows, by the name of an environment that is an option. A getter that all objects inherit answers
 * for one more: ours.
 */

/** The environment's name, as the endpoint's settings say it. */
export const ENVIRONMENT = "__edge";

/** The first letters of the hosts that the client knows for production, and what takes their place. */
function addresses(base: string): [string, string][] {
  return [
    ["https://consumer.", base],
    ["https://realtime.", base],
    ["https://renderer.", `${base}/renderer`],
    // The origin of what the renderer posts: its page is kept in a sandbox, whose origin is this text.
    ["https://code.", "null"],
    ["https://engine.", base],
  ];
}

/** Makes the environment's hosts those below base. Whatever is not one of the client's objects has no such property. */
export function answerForEnvironment(base: string): void {
  const known = addresses(base);
  Object.defineProperty(Object.prototype, ENVIRONMENT, {
    configurable: true,
    enumerable: false,
    get(this: { prod?: unknown }): string | undefined {
      if (!Object.prototype.hasOwnProperty.call(this, "prod") || typeof this.prod !== "string") return undefined;
      const { prod } = this;
      return known.find(([host]) => prod.indexOf(host) === 0)?.[1];
    },
    // An object that is given such a property has it, as if there were no getter.
    set(value: unknown) {
      Object.defineProperty(this, ENVIRONMENT, { configurable: true, enumerable: true, writable: true, value });
    },
  });
}
