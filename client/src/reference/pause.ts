/** Where the client keeps until when it asks nothing, on no page of the site, and the seconds that it takes by itself where a page's first poll has no answer. */
const KEY = "gist.web.userQueueNextPullCheck";
const BY_ITSELF = 600;

/**
 * A page that is left while it asks for the first time cuts the poll off, and the client takes that for an edge that failed:
 * for ten minutes no page would ask. A page that is opened asks once more.
 */
export function endPause(): void {
  for (const storage of ["localStorage", "sessionStorage"] as const) {
    try {
      const kept = JSON.parse(window[storage].getItem(KEY) ?? "null") as { value?: unknown } | null;
      if (kept?.value === BY_ITSELF) window[storage].removeItem(KEY);
    } catch {
      // Storage is blocked, or holds something else.
    }
  }
}
