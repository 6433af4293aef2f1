const SECOND = 1000;
const LONGEST_WAIT = 300 * SECOND;
const LONGEST_RETRY_AFTER = 86_400 * SECOND;

/** How long to wait after a failure, in milliseconds: about 2 s, 4 s, 8 s … 5 min, spread so that clients do not return all at once. */
export function backoff(failures: number): number {
  return Math.min(LONGEST_WAIT, 2000 * 2 ** failures) * (0.5 + Math.random());
}

/** The wait that an answer's Retry-After asks for, in milliseconds; 0 when it asks for none. It is a number of seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfter(response: Response): number {
  const value = response.headers.get("Retry-After")!;
  // Of "0" the other reading is a date long ago, and of none it is no number: both are no wait.
  const wait = +value * SECOND || Date.parse(value) - Date.now();
  return wait > 0 ? Math.min(wait, LONGEST_RETRY_AFTER) : 0;
}
