/** Calls changed when a single-page application has gone to another address than the last, also to another hash. */
export function watchRoutes(last: string, changed: () => void): void {
  const look = (): void => {
    if (location.href === last) return;
    last = location.href;
    changed();
  };
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) navigation.addEventListener("currententrychange", look);
  else for (const moved of ["popstate", "hashchange"]) addEventListener(moved, look);
  // It may have done so while this file was on its way.
  look();
}
