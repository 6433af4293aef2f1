/** How often messages come again on one page that takes them off. */
const INSISTENCE = 10;

let page = "";
let times = 0;

/**
 * The page has taken a message off. Libraries such as htmx and Turbo change it whole: perhaps it is another one now; else
 * what is due comes again, until the page has its will, which is told.
 */
export function swept(look: () => void, away: () => void): void {
  times = page === (page = location.href) ? times + 1 : 1;
  if (times <= INSISTENCE) look();
  else away();
  // What such a library keeps, for those who come back to a page, has copies of us.
  for (const copy of document.querySelectorAll("handbill-message")) if (!copy.shadowRoot) copy.remove();
}
