/** Makes addresses relative to the page that the frame stands in, as far as the browser says which that is. */
export function baseOnPage(): void {
  const [origin] = (location as { ancestorOrigins?: DOMStringList }).ancestorOrigins ?? [];
  const address = document.referrer || (origin && origin !== "null" ? `${origin}/` : "");
  // A base that the document has itself comes first, and holds.
  if (address) document.head.append(Object.assign(document.createElement("base"), { href: address }));
}

/** The link that was clicked, also in a shadow tree. */
export function anchorOf(event: Event): HTMLAnchorElement | undefined {
  return event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement && node.hasAttribute("href"));
}

/** Whether a click says that a link is to open in another tab or window. */
export function opensElsewhere({ ctrlKey, metaKey, shiftKey, button }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || button !== 0;
}
