/*
 * The edge fits a page's policies to what we need, as far as they come in its header. A policy in a <meta> stands behind
 * the snippet, where the edge does not read. Where such a policy forbids our calls, we make none: the browser would
 * report each of them to the page, and write it to the console.
 */

let silent = false;

/** Whether the page lets us call the edge. */
export function mayConnect(): boolean {
  if (!silent && [...document.querySelectorAll<HTMLMetaElement>('meta[http-equiv="content-security-policy" i]')].some(forbids)) {
    silent = true;
    console.debug("Handbill needs connect-src 'self'.");
  }
  return !silent;
}

/** The browser has refused a call all the same: it was the last. */
export function heedRefusals(below: string): void {
  document.addEventListener("securitypolicyviolation", (refused) => {
    silent ||= refused.disposition === "enforce" && refused.effectiveDirective === "connect-src" && refused.blockedURI.startsWith(below);
  });
}

/** Whether a policy surely forbids calls to the page's own host; a source that may be us is taken for us. */
function forbids({ content }: HTMLMetaElement): boolean {
  const [, sources = "*"] = /(?:^|[;,])\s*connect-src\b([^;,]*)/i.exec(content) ?? /(?:^|[;,])\s*default-src\b([^;,]*)/i.exec(content) ?? [];
  return !sources.match(/\S+/g)?.some((source) => {
    const [, host = ""] = /^(?:[a-z]+:\/\/)?\*?([^/:]*)/i.exec(source)!;
    return /^(\*|'self'|https?:)$/i.test(source) || location.hostname.endsWith(host.toLowerCase());
  });
}
