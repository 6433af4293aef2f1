/**
 * The one door to what the browser keeps. Values that outlive the page are kept
 * as the reference client does: in a cookie of the whole registrable domain and
 * in keeper().localStorage. Either may be blocked, or not consented to; then the value
 * lives as long as the page.
 */

/** What holds values beyond the page: the window, or what the visitor's consent has put in its place, also for the parts of the client. */
export interface Keeper extends Pick<Window, "localStorage" | "sessionStorage"> {
  document: { cookie: string };
  handbill?: Consent;
}

/** Where the site has rules of consent. */
export interface Consent {
  /** What the page's own code said; the edge hears of it. */
  said: string | undefined;
  /** Methods of the page's global. */
  methods(look: () => void): Record<string, (...args: unknown[]) => unknown>;
}

export const KEEPER = Symbol.for("handbill keeper");
export const keeper = (): Keeper => (window as { [KEEPER]?: Keeper })[KEEPER] ?? window;

const YEAR = 31_536_000;
const memory = new Map<string, string>();

export function recall(key: string): string | undefined {
  return readCookie(key) ?? attempt(() => unquote(keeper().localStorage.getItem(key))) ?? memory.get(key);
}

export function remember(key: string, value: string): void {
  writeCookie(key, encodeURIComponent(value), YEAR);
  attempt(() => keeper().localStorage.setItem(key, encode(value)));
  if (recall(key) !== value) memory.set(key, value);
}

export function forget(key: string): void {
  writeCookie(key, "", 0);
  attempt(() => keeper().localStorage.removeItem(key));
  memory.delete(key);
}

/** Runs what a browser may refuse, such as any access to blocked storage. */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    // What could not be done gives nothing.
  }
  return undefined;
}

/** JSON, also where an old library of the page gives lists or all objects a toJSON, which would make texts of them (Prototype 1.6). */
export function encode(value: unknown): string {
  const lists = Array.prototype as { toJSON?: unknown };
  const own = lists.toJSON;
  delete lists.toJSON;
  try {
    return JSON.stringify(value);
  } finally {
    if (own) lists.toJSON = own;
  }
}

function readCookie(key: string): string | undefined {
  return attempt(() => {
    const found = keeper().document.cookie.split("; ").find((pair) => pair.startsWith(key + "="));
    return found && unquote(decodeURIComponent(found.slice(key.length + 1)));
  });
}

/** On the shortest domain on which this page may set a cookie: browsers refuse public suffixes. One that is removed is removed from all. */
function writeCookie(key: string, value: string, maxAge: number): void {
  attempt(() => {
    const labels = location.hostname.split(".");
    for (let from = labels.length - 2; from >= -1; from--) {
      const on = (location.protocol === "https:" ? ";secure" : "") + (from < 0 ? "" : `;domain=${labels.slice(from).join(".")}`);
      keeper().document.cookie = `${key}=${value};path=/;max-age=${maxAge};samesite=lax${on}`;
      if (value && keeper().document.cookie.includes(`${key}=${value}`)) return;
    }
  });
}

/** analytics.js writes JSON strings, and null for nobody; older versions and servers write the bare value. */
function unquote(text: string | null): string | undefined {
  if (!text || text === "null") return undefined;
  return text.startsWith('"') ? `${JSON.parse(text)}` : text;
}
