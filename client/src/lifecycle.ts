/** Does something when the page comes back from the back/forward cache: it is a page that was just opened. */
export function onReturn(act: () => void): void {
  addEventListener("pageshow", (event) => event.persisted && act());
}
