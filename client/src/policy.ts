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
    console.debug("Handbill shows nothing: the page's <meta> policy needs connect-src 'self'.");
  }
  return !silent;
}

/** The browser has refused a call all the same: it was the last. */
export function heedRefusals(below: string): void {
  document.addEventListener("securitypolicyviolation", ({ disposition, effectiveDirective, blockedURI }) => {
    silent ||= disposition === "enforce" && effectiveDirective === "connect-src" && blockedURI.startsWith(below);
  });
}

/** Whether a policy surely forbids calls to the page's own host; a source that may be us is taken for us. */
function forbids({ content }: HTMLMetaElement): boolean {
  const directives = content.toLowerCase().split(/[;,]/).map((text) => text.trim().split(/\s+/));
  const governing = (name: string) => directives.find(([first]) => first === name);
  const [, ...sources] = governing("connect-src") ?? governing("default-src") ?? ["", "*"];
  return !sources.some((source) => {
    if (/^(\*|'self'|https?:)$/.test(source)) return true;
    const [host = ""] = source.replace(/^[a-z]+:\/\//, "").split(/[/:]/);
    return host !== "" && location.hostname.endsWith(host.replace(/^\*/, ""));
  });
}
