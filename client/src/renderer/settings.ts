import type { Content, Placement, Step } from "../message";
import type { DisplaySettings, StepSettings } from "./protocol";

/** Where a step stands, and the page that it belongs to. */
type Stand = Partial<Placement> & { page?: string };

/** How wide what says nothing of it is, in pixels, as the edge has it; what fills the screen is wider than any. */
const WIDTHS: Record<string, number> = { modal: 448, fullscreen: 100_000, toast: 360, tooltip: 320 };

/** The places of a toast and a banner in the words of the client: "top-left" is "topLeft", "top" is "topCenter". */
function overlayPosition(position: string): string {
  const [edge = "", side = "center"] = position.split("-");
  return edge + side[0]!.toUpperCase() + side.slice(1);
}

/** A placement in the words of the client; the edge says the same to the client itself, see engine/wire. What differs from how it shows a message now makes it draw the message anew. */
export function settingsOf({ display, position, target, width, overlayColor, arrowColor, closeOutside, page }: Stand): DisplaySettings {
  const settings: DisplaySettings = {};
  switch (display) {
    case "fullscreen":
      Object.assign(settings, { displayType: "modal", modalPosition: "top", dismissOutsideClick: false });
      break;
    case "banner":
    case "toast":
      Object.assign(settings, { displayType: "overlay", overlayPosition: overlayPosition(position || (display === "banner" ? "top" : "bottom-right")) });
      break;
    case "inline":
      Object.assign(settings, { displayType: "inline", elementSelector: target });
      break;
    case "tooltip":
      Object.assign(settings, { displayType: "tooltip", elementSelector: target, tooltipPosition: position || "bottom" });
      if (arrowColor) settings.tooltipArrowColor = arrowColor;
      break;
    default:
      Object.assign(settings, { displayType: "modal", modalPosition: position || "center", dismissOutsideClick: closeOutside ?? true });
      if (overlayColor) settings.overlayColor = overlayColor;
  }
  const wide = width || WIDTHS[display ?? ""];
  if (wide) settings.maxWidth = wide;
  if (page) settings.pageUrl = page;
  return settings;
}

/** Where each step stands; undefined where all stand where the first one does, and there is nothing to say. */
export function settingsOfSteps(content: Content): StepSettings[] | undefined {
  if (!content.steps.some((step: Stand) => step.display || step.page)) return undefined;
  return content.steps.map((step: Step & Stand) => {
    const stand: Stand = step.display ? step : { ...content, ...(step.page ? { page: step.page } : {}) };
    return { stepName: step.name, displaySettings: settingsOf(stand) };
  });
}

/** Where a step of a document stands, by its attributes. */
export function settingsOfElement(step: HTMLElement): DisplaySettings {
  const settings: DisplaySettings = {};
  const said = (name: string): string | undefined => step.getAttribute(`data-message-${name}`) ?? step.getAttribute(`data-message-display-${name}`) ?? undefined;
  const take = (key: keyof DisplaySettings, value: unknown): void => {
    if (value !== undefined && value !== "") Object.assign(settings, { [key]: value });
  };
  take("displayType", said("display-type"));
  take("modalPosition", said("modal-position"));
  take("overlayPosition", said("overlay-position"));
  take("elementSelector", said("tooltip-target") ?? said("element-selector"));
  take("tooltipPosition", said("tooltip-position"));
  take("tooltipArrowColor", said("tooltip-arrow-color"));
  take("overlayColor", said("overlay-color"));
  take("pageUrl", said("page-url"));
  const width = Number(said("max-width"));
  if (width > 0) settings.maxWidth = width;
  const outside = said("dismiss-outside-click");
  if (outside) settings.dismissOutsideClick = outside === "true";
  return settings;
}
