import { onReturn } from "./lifecycle";

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
  attempt(() => keeper().localStorage.setItem(key, JSON.stringify(value)));
  if (recall(key) !== value) memory.set(key, value);
}

export function forget(key: string): void {
  writeCookie(key, "", 0);
  attempt(() => keeper().localStorage.removeItem(key));
  memory.delete(key);
}

/**
 * Hands a value from page to page of the tab. It stands in sessionStorage only between two pages: a tab that is duplicated or
 * opened from this one starts with a copy of the storage, and must not start with a copy of the value. `take` hears what the
 * last page left, also on one that comes back from the back/forward cache.
 */
export function handOver(key: string, leave: () => string, take: (left: string) => void): void {
  const arrive = (): void =>
    attempt(() => {
      const left = keeper().sessionStorage.getItem(key);
      keeper().sessionStorage.removeItem(key);
      if (left) take(left);
    });
  arrive();
  addEventListener("pagehide", () => attempt(() => keeper().sessionStorage.setItem(key, leave())));
  onReturn(arrive);
}

/** Runs what a browser may refuse, such as any access to blocked storage. */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
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
