/** The colours that the site has asked for with its load, as the reference client's colorScheme. */
export const asked: { scheme?: string | undefined } = {};

/**
 * What a message's style sheet goes by: what was asked for, "default" (light) or "system" (as the visitor prefers), and
 * which colours the page says it has. Anything else asked for, or nothing, follows the page, and where it says nothing the system.
 */
export function schemes(): string {
  return getComputedStyle(document.documentElement).colorScheme + (asked.scheme ?? "");
}
