import type { LoadOptions } from "./client";

/** Marks the script element that a stub's load has made. */
export const LOADED_BY_STUB = "data-global-customerio-analytics-key";

/**
 * The page's global. Before us it may be a stub, the reference snippet's: an
 * array of calls with methods that add to it. It stays the same object: code
 * of the site may hold it already.
 */
export interface Stub extends Array<[method: string, ...args: unknown[]]> {
  /** Set by the stub's load, also to undefined. */
  _loadOptions?: LoadOptions;
  [method: string]: unknown;
}

/** The global where it is a stub; a new one where there is no global. One that is something else is not ours to touch: undefined. */
export function stubOf(name: string): Stub | undefined {
  const page = window as unknown as Record<string, unknown>;
  const found = (page[name] ??= []);
  return Array.isArray(found) ? (found as Stub) : undefined;
}

/** Whether the page has its stub load another client, from another place. Then the name is that client's. */
export function isForeign(name: string, ownAddress: string): boolean {
  const scripts = document.querySelectorAll<HTMLScriptElement>(`script[${LOADED_BY_STUB}]`);
  return [...scripts].some((script) => script.getAttribute(LOADED_BY_STUB) === name && !script.src.startsWith(ownAddress));
}
