import type { Content, Message, Placement, Step } from "../message";
import { styleSheet } from "../parts";
import * as actions from "../parts/actions";
import * as forms from "../parts/forms";
import * as markup from "../parts/markup";
import * as sandbox from "../parts/sandbox";
import look from "../sheets/message.css";
import type { Extension } from "../show/extension";
import { show, type Told } from "../show/showing";
import * as copy from "./copy";
import { createCrossing } from "./crossing";
import { page } from "./frame";
import { anchorOf, baseOnPage, opensElsewhere } from "./links";
import type { Drawn, Host, StepSettings } from "./protocol";
import own from "./renderer.css";
import { settingsOfSteps } from "./settings";
import { heightOf, watchSize } from "./size";

/** What the tree itself never does, so that no mistake of ours can do it either: more script, and markup from text. */
const POLICY = "script-src 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** What closes a message besides its buttons. */
const CROSS = { name: "close", action: "" };

/** Draws the tree of a message, as our own client does. Throws where it cannot be drawn. */
export function openTree(host: Host, content: Content): Drawn {
  const { options } = host;
  const start = content.steps.find(({ name }) => name === options.stepId) ?? content.steps[0]!;
  const placement = (step: Step): Placement => (step.display ? (step as Placement) : content);
  const frame = page(placement(start));
  let loaded = false;
  let settings = settingsOfSteps(content);
  const settingsFor = (name: string) => settings?.find(({ stepName }) => stepName === name)?.displaySettings;
  let current = start.name;
  /** What was pressed last: a message that closes says with what. */
  let last = CROSS;

  document.head.append(Object.assign(document.createElement("meta"), { httpEquiv: "Content-Security-Policy", content: POLICY }));
  baseOnPage();

  const tell: Told = (_message, happening, _dismiss, { actionName = "", actionValue = "", ...more } = {}) => {
    if (happening === "action") {
      last = { name: actionName, action: actionValue };
      queueMicrotask(() => (last = CROSS));
      host.tap(actionValue, actionName);
      if (more.answers) host.report("clicked", { actionName, actionValue, ...more });
    } else if (happening === "changed") {
      current = actionName;
      host.report("changed", { actionName, actionValue });
      host.titled(frame.root.ariaLabel ?? "");
      host.changed(current, settingsFor(current));
    } else if (happening === "dismissed") {
      host.report("dismissed");
      const { name, action } = last;
      // After what the button does besides: a message that is gone can no longer lead anywhere.
      queueMicrotask(() => (action.startsWith("snooze:") ? host.snooze(minutes(action), name) : host.close(name)));
    } else if (happening === "error" && loaded) host.report("error", { reason: more.reason });
    return true;
  };

  function leave(address: string, newTab: boolean): void {
    if (newTab) window.open(address, "_blank", "noopener");
    else if (/^(https?|mailto):/.test(address)) host.lead(address, last.name);
    else location.href = address;
  }

  const crossing = createCrossing(host, settingsFor);
  const message: Message = { messageId: options.messageId ?? "", deliveryId: "", content };
  const begun: Extension = { begin: ({ steps }) => steps.slice(0, steps.indexOf(start) + 1) };
  show(message, () => frame, [begun, crossing, copy, actions, forms, markup, sandbox], styleSheet(look + own), tell, leave, () => {}, () => {}, host.track);
  const shown = document.querySelector("handbill-message");
  if (!shown) throw new Error("a step that cannot be built");
  shown.setAttribute("data-scheme", "page");
  addEventListener("click", (event) => followText(event, host));

  const size = watchSize(host, document.body, () => heightOf(placement(content.steps.find(({ name }) => name === current)!).display));
  const scheme = (name: string | undefined): void => {
    document.body.style.colorScheme = name === "light" || name === "dark" ? name : "light dark";
  };
  scheme(options.colorScheme);
  host.titled(frame.root.ariaLabel ?? "");
  host.loaded(current, settings);
  loaded = true;
  frame.focus();
  return {
    repeat() {
      size.tell();
      host.titled(frame.root.ariaLabel ?? "");
    },
    scheme,
    settings: (held: StepSettings[]) => (settings = held),
    showStep: crossing.answered,
  };
}

/** A link in the text leads the page, not our frame; one that is opened elsewhere is the browser's business. */
function followText(event: MouseEvent, host: Host): void {
  const anchor = anchorOf(event);
  if (!anchor || event.defaultPrevented || opensElsewhere(event) || !/^(https?|mailto):/.test(anchor.href)) return;
  event.preventDefault();
  host.lead(anchor.href, anchor.textContent || anchor.href);
}

function minutes(action: string): number {
  const [, number, unit = "m"] = /^snooze:(\d+)([smhdw])$/.exec(action) ?? [];
  return (Number(number) * { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit]!) / 60;
}
