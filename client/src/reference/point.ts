import { answerForEnvironment, ENVIRONMENT } from "./environment";
import { endPause } from "./pause";

/** What the edge tells a page about its site. It holds nothing about the visitor. */
export interface Pointed {
  /** The endpoint's path, such as "/_handbill". */
  prefix: string;
  siteId: string;
  writeKey: string;
  /** The name of the global that the client has in this page. */
  globalName: string;
  /** Whether visitors who have not identified see messages, where the snippet loads the client by itself. */
  anonymousInApp: boolean;
  /** Whether the client is loaded where the site's own code does not. */
  loads: boolean;
}

const PIPELINES = "Customer.io Data Pipelines";
const PLUGIN = "Customer.io In-App Plugin";
/** Marks the script element that brings the client, and names its global. */
const LOADED_BY_STUB = "data-global-customerio-analytics-key";

const METHODS =
  "trackSubmit trackClick trackLink trackForm pageview identify reset group track ready alias debug page once off on " +
  "addSourceMiddleware addIntegrationMiddleware setAnonymousId addDestinationMiddleware";

interface Options {
  integrations?: Record<string, unknown>;
  [name: string]: unknown;
}

/** The page's global before the client is there: an array of calls, with methods that add to it. */
interface Stub extends Array<unknown[]> {
  initialize?: unknown;
  invoked?: boolean;
  _cdn?: string;
  _writeKey?: string;
  _loadOptions?: Options;
  [method: string]: unknown;
}

/**
 * Makes the reference client of this page, whoever loads it, ask this site's endpoint. It stands before the site's own
 * code: the site's snippet finds the global, keeps its calls there, and calls the load of here.
 */
export function point(site: Pointed): void {
  try {
    if (location.origin === "null") return;
    const base = location.origin + site.prefix;
    answerForEnvironment(base);
    endPause();
    const page = window as unknown as Record<string, unknown>;
    const found = (page[site.globalName] ??= []);
    if (Array.isArray(found) && !(found as Stub).initialize) fill(found as Stub, site, base);
  } catch (error) {
    // The page goes on without messages.
    console.debug("Handbill could not point the client at this site.", error);
  }
}

/** Gives the global its methods. */
function fill(stub: Stub, site: Pointed, base: string): void {
  const me = document.currentScript as HTMLScriptElement | null;
  let script: HTMLScriptElement | undefined;
  /** The page call that we made ourselves. */
  let ownPage: unknown[] | undefined;
  // One address, whatever key the site's load names, so that what was fetched ahead is what is used.
  const address = `${base}/v1/analytics-js/snippet/${encodeURIComponent(site.writeKey)}/analytics.min.js`;

  stub._cdn = base;
  // The site's snippet was here before us, and has loaded a client already.
  if (stub.invoked) return;

  function load(key: string, options?: Options): void {
    const place = ownPage ? stub.indexOf(ownPage) : -1;
    if (place >= 0) stub.splice(place, 1);
    ownPage = undefined;
    stub._writeKey = key;
    // A client that is there already, and waits for its settings, holds the options of the load before.
    stub._loadOptions = Object.assign(stub._loadOptions ?? {}, pointed(options, base));
    if (script) return;
    script = document.createElement("script");
    script.async = true;
    script.setAttribute(LOADED_BY_STUB, site.globalName);
    if (me?.nonce) script.nonce = me.nonce;
    try {
      script.src = address;
    } catch (error) {
      console.warn("This page's policy (require-trusted-types-for) does not let the in-app client load.", error);
      return;
    }
    document.head.appendChild(script);
  }

  for (const method of METHODS.split(" ")) {
    stub[method] ??= (...args: unknown[]) => {
      stub.push([method, ...args]);
      return stub;
    };
  }
  stub.SNIPPET_VERSION = "4.15.3";
  // The site's snippet puts a load of its own here, which would bring its client from elsewhere.
  Object.defineProperty(stub, "load", { configurable: true, enumerable: true, get: () => load, set() {} });

  if (!site.loads || window !== window.top) return;
  fetchAhead(address, me?.nonce);
  // Where the site's own code loads the client, it does so by now.
  const begin = (): void => {
    if (script || (window as unknown as Record<string, unknown>)[site.globalName] !== stub) return;
    const hasPage = stub.some(([method]) => method === "page");
    load(site.writeKey, { integrations: { [PLUGIN]: { siteId: site.siteId, anonymousInApp: site.anonymousInApp, events: relay } } });
    if (hasPage) return;
    ownPage = ["page"];
    stub.push(ownPage);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
}

/** The options of a load, with our hosts in place of what the site's own may name. */
function pointed(options: Options | undefined, base: string): Options {
  const integrations: Record<string, unknown> = Object.assign({}, options?.integrations);
  const pipelines = integrations[PIPELINES];
  const plugin = integrations[PLUGIN];
  if (isObject(pipelines)) {
    const [protocol, host] = base.split("://");
    integrations[PIPELINES] = Object.assign({}, pipelines, { apiHost: `${host}/v1`, protocol });
  }
  if (isObject(plugin)) integrations[PLUGIN] = Object.assign({}, plugin, { _env: ENVIRONMENT });
  return Object.assign({}, options, { integrations });
}

/** Tells the site's code of a message as our own client does: by an event of the document. */
function relay({ type, detail }: CustomEvent): void {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function fetchAhead(address: string, nonce: string | undefined): void {
  const link = document.createElement("link");
  link.rel = "preload";
  link.as = "script";
  link.href = address;
  if (nonce) link.nonce = nonce;
  document.head.appendChild(link);
}
