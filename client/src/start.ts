import { isForeign, LOADED_BY_STUB, type Stub, stubOf } from "./stub";
import { createClient, type LoadOptions } from "./client";
import { createMethods, type Method } from "./methods";
import type { Site } from "./site";
import { address } from "./endpoint";

/**
 * Starts the client, once a page. There are three ways to here: the snippet of
 * one script element, which asks for everything by itself; a stub in the page,
 * ours or the site's own, whose load brought the script; and any of them a
 * second time, which changes nothing but takes over what the site's stub has
 * gathered meanwhile.
 */
export function start(site: Site): void {
  try {
    // A message belongs to the page, not to a frame in it.
    if (window !== window.top) return;
    const script = document.currentScript;
    const name = script?.getAttribute(LOADED_BY_STUB) || site.globalName;
    const running = Symbol.for(`handbill ${name}`);
    const marked = document as unknown as Record<symbol, (() => void) | undefined>;
    if (marked[running]) marked[running]();
    else marked[running] = begin({ ...site, globalName: name }, script);
  } catch {
    // Whatever this page has done to the browser, it goes on without messages.
  }
}

/** Returns what is to be done when the script comes a second time. */
function begin(site: Site, script: Element | null): () => void {
  const client = createClient(site);
  const methods: Record<string, Method | undefined> = createMethods(client);
  const byStub = script?.hasAttribute(LOADED_BY_STUB);
  /** The options of the stub's load that has been followed; null before there was one. */
  let followed: LoadOptions | undefined | null = null;
  /** The address of the page call that we made ourselves. */
  let ownPage: string | undefined;

  function perform(method: string, args: unknown[]): unknown {
    try {
      return methods[method]?.(...(args as never[]));
    } catch {
      return Promise.resolve();
    }
  }

  /** A stub's call. The page call of a snippet that came after us is the one we have made already. */
  function replay([method, ...args]: [string, ...unknown[]]): void {
    if (method === "page" && !args.length && ownPage === location.href) ownPage = undefined;
    else perform(method, args);
  }

  /** Another client's calls are heard, and left to it. */
  const isOthers = (): boolean => isForeign(site.globalName, address(site, "/"));

  function followLoad(stub: Stub): void {
    if (!("_loadOptions" in stub) || stub._loadOptions === followed) return;
    client.load((followed = stub._loadOptions));
    // The reference snippet looks for this: included once more, it does nothing and says nothing.
    if (!isOthers()) stub.initialize = true;
  }

  function adopt(stub: Stub): void {
    followLoad(stub);
    const others = isOthers();
    const calls = others ? [...stub] : stub.splice(0);
    stub.push = (...added) => {
      if (isOthers()) [].push.apply(stub, added as never[]);
      followLoad(stub);
      added.forEach(replay);
      return stub.length;
    };
    if (!others) {
      for (const method of Object.keys(methods)) {
        stub[method] = (...args: unknown[]) => {
          return perform(method, args) ?? stub;
        };
      }
    }
    calls.forEach(replay);
  }

  function adoptWhatIsThere(): void {
    const found = stubOf(site.globalName);
    if (found) adopt(found);
  }

  const stub = stubOf(site.globalName);
  const loaded = byStub || (stub && "_loadOptions" in stub);
  const hasPage = stub?.some(([method]) => method === "page");
  if (!loaded) {
    const anonymousInApp = script ? script.hasAttribute("data-anonymous-in-app") : site.anonymousInApp;
    client.load({ integrations: { "Customer.io In-App Plugin": { anonymousInApp } } });
  }
  adoptWhatIsThere();
  if (!loaded && !hasPage) {
    ownPage = location.href;
    perform("page", []);
  }

  return adoptWhatIsThere;
}
