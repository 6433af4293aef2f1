/**
 * What a document finds as "message" that was written for the reference client, and is shown in a sandbox of ours. The edge
 * puts it before the document's own scripts. It speaks to the part "sandbox" by postMessage; the document's page is told
 * nothing, and reaches nothing of the site.
 */

interface Said {
  name?: unknown;
  target?: unknown;
  rel?: unknown;
}

const VISIBLE = "cio-message-visible";
const HIDDEN = "cio-message-hidden";

const say = (handbill: string, what: object): void => parent.postMessage({ handbill, ...what }, "*");
const nameIn = (said: Said | undefined): string => (typeof said?.name === "string" ? said.name : "");
const steps = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-message-name]")];

function turn(to: HTMLElement | undefined): void {
  for (const step of steps()) {
    step.classList.toggle(VISIBLE, step === to);
    step.classList.toggle(HIDDEN, step !== to);
  }
}

const bridge = {
  dismiss: (said?: Said): void => say("dismiss", { name: nameIn(said) }),
  openUrl(address: string, said?: Said): void {
    const action = `${address}`;
    const elsewhere = said?.target && !["_self", "_parent", "_top"].includes(`${said.target}`);
    // The client's own actions, and those of the site, are only told.
    const leads = /^(?![a-z][a-z0-9+.-]*:)|^(https?|mailto|tel):/i.test(action);
    say(elsewhere || !leads ? "tap" : "action", { name: nameIn(said), action });
    if (elsewhere && leads) window.open(new URL(action, document.baseURI), "_blank", `${said.rel}`.includes("noreferrer") ? "noreferrer" : "noopener");
  },
  showMessage(event: Event | undefined, step: string, said?: Said): void {
    event?.preventDefault?.();
    const to = steps().find(({ dataset }) => dataset["messageName"] === step);
    if (nameIn(said)) say("tap", { name: nameIn(said), action: `goto:${step}` });
    if (!to) return;
    turn(to);
    scrollTo(0, 0);
    say("changed", { name: step });
  },
  performAction: (action: string, said?: Said): void => say("tap", { name: nameIn(said), action: `${action}` }),
  track: (event: string, properties?: object): void => say("track", { name: `${event}`, properties }),
  snooze: (minutes: number, said?: Said): void => say("snooze", { name: nameIn(said), minutes }),
};

Object.defineProperty(window, "message", { value: bridge, configurable: true, writable: true });

addEventListener("DOMContentLoaded", () => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: `.${HIDDEN}{display:none!important}` }));
  turn(steps().find(({ classList }) => classList.contains(VISIBLE)) ?? steps()[0]);
  const tell = (): void => say("resize", { height: document.body.getBoundingClientRect().bottom + scrollY });
  new ResizeObserver(tell).observe(document.body);
});

addEventListener("keydown", ({ key, isComposing }) => key === "Escape" && !isComposing && bridge.dismiss({ name: "close" }));

/** What the document itself does not do with a click on a link. */
addEventListener("click", (event) => {
  const anchor = (event.target as Element | null)?.closest?.("a");
  const address = anchor?.getAttribute("href");
  if (!anchor || !address || event.defaultPrevented || /^\s*(#|javascript:)/i.test(address)) return;
  event.preventDefault();
  const newTab = event.ctrlKey || event.metaKey;
  bridge.openUrl(address, { target: newTab ? "_blank" : anchor.target, name: anchor.dataset["trackedName"] ?? address, rel: anchor.rel });
});
