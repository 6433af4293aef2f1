import { address } from "./endpoint";
import type { Site } from "./site";

/** What each part exports. A part imports only types and small helpers of the core; what it works with it is given. */
export interface Parts {
  actions: typeof import("./parts/actions");
  bell: typeof import("./parts/bell");
  calls: typeof import("./parts/calls");
  debug: typeof import("./parts/debug");
  forms: typeof import("./parts/forms");
  inbox: typeof import("./parts/inbox");
  inline: typeof import("./parts/inline");
  keep: typeof import("./parts/keep");
  markup: typeof import("./parts/markup");
  routes: typeof import("./parts/routes");
  sticky: typeof import("./parts/sticky");
  stream: typeof import("./parts/stream");
  swept: typeof import("./parts/swept");
  sandbox: typeof import("./parts/sandbox");
  tooltip: typeof import("./parts/tooltip");
  tour: typeof import("./parts/tour");
  when: typeof import("./parts/when");
}

/** Fetches what a page needs only when there is something to show: the browser does so once, and keeps it. */
export interface Loader {
  /**
   * Loads a part of the client that most pages never need. A dynamic import has the nonce of the script that asks for
   * it, and is no sink of Trusted Types: it works under every policy under which the client itself does. Rejects where
   * the part cannot be had; the next call tries again.
   */
  part<Name extends keyof Parts>(name: Name): Promise<Parts[Name]>;
  /** Fetches a style sheet as a poll is fetched, so that no policy which lets us poll forbids it. Rejects as part does. */
  sheet(name: string): Promise<CSSStyleSheet>;
}

export function createLoader(site: Site): Loader {
  const at = (name: string, kind: string): string => address(site, `/parts/${name}-${site.parts}.${kind}`);
  return {
    part: (name) => import(at(name, "js")),
    async sheet(name) {
      const response = await fetch(at(name, "css"));
      if (!response.ok) throw new Error();
      return styleSheet(await response.text());
    },
  };
}

/** Makes a style sheet by script: a site's style-src does not forbid it. */
export function styleSheet(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
