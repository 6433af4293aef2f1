import { useEffect, useId, useState } from "react";

/** Shows that the page is hydrated: it counts. */
export function Counter() {
  const [count, setCount] = useState(0);
  const [hydrated, setHydrated] = useState(false);
  const id = useId();
  useEffect(() => setHydrated(true), []);
  return (
    <p data-hydrated={hydrated}>
      <label htmlFor={id}>Shelves</label>
      <button id={id} onClick={() => setCount(count + 1)}>{count}</button>
    </p>
  );
}
