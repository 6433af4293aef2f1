/** Calls changed when a single-page application has gone to another address, also to another hash. */
export function watchRoutes(changed: () => void): void {
  let last = location.href;
  const look = (): void => {
    if (location.href === last) return;
    last = location.href;
    changed();
  };
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) navigation.addEventListener("currententrychange", look);
  else for (const moved of ["popstate", "hashchange"]) addEventListener(moved, look);
}
