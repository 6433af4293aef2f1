import { newId } from "./id";
import { handOver } from "./storage";

/** The id of this browser tab, kept while the tab goes from page to page. */
export function tabId(): string {
  let id = newId();
  handOver("handbill_tab", () => id, (kept) => (id = kept));
  return id;
}
