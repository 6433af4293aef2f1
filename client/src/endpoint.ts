import { mayConnect } from "./policy";
import type { Site } from "./site";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000;

/** Why the edge did not believe who the visitor is, as the console has it already. */
let warned: string | undefined;

/** An address of the endpoint on the page's own origin, whatever a <base> element says. */
export function address(site: Site, path: string): string {
  return location.origin + site.prefix + path;
}

/** Sends JSON as text, so that the same bytes can also go by sendBeacon. Rejects when there is no answer in time. */
export async function post(to: string, body: string, keepalive?: boolean): Promise<Response> {
  if (!mayConnect()) throw new Error();
  const response = await fetch(to, { method: "POST", body, keepalive, signal: AbortSignal.timeout(PATIENCE) } as RequestInit);
  const said = response.headers.get("Handbill-Identity");
  if (said && said !== warned) console.warn("Handbill: " + (warned = said));
  return response;
}
