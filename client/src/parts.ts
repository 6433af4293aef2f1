import { address } from "./endpoint";
import type { Site } from "./site";

/** What each part exports. A part imports only types and small helpers of the core; what it works with it is given. */
interface Parts {
  actions: typeof import("./parts/actions");
  forms: typeof import("./parts/forms");
  markup: typeof import("./parts/markup");
  routes: typeof import("./parts/routes");
  sandbox: typeof import("./parts/sandbox");
  when: typeof import("./parts/when");
}

/**
 * Loads a part of the client that most pages never need; the browser does so once. A dynamic import has the nonce of the
 * script that asks for it, and is no sink of Trusted Types: it works under every policy under which the client itself
 * does. Rejects where the part cannot be had; the next call tries again.
 */
export type PartLoader = <Name extends keyof Parts>(name: Name) => Promise<Parts[Name]>;

export function partLoader(site: Site): PartLoader {
  return (name) => import(address(site, `/parts/${name}-${site.parts}.js`));
}
