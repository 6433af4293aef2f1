import { Suspense } from "react";
import { Await, Link } from "react-router";
import { Counter } from "./counter";
import { passed } from "./gates.server";

/** Its parts are streamed one after the other, each when its gate is open. */
export function loader({ request }) {
  const visit = new URL(request.url).searchParams.get("visit");
  return { first: passed(visit, 1), second: passed(visit, 2), third: passed(visit, 3) };
}

function Part({ number }) {
  return (
    <section id={`part-${number}`}>
      Order {number} has arrived.
      <Counter />
    </section>
  );
}

export default function Orders({ loaderData: { first, second, third } }) {
  return (
    <main>
      <h1 id="part-0">Orders</h1>
      <Counter />
      {[first, second, third].map((part, i) => (
        <Suspense key={i} fallback={<p>One moment.</p>}>
          <Await resolve={part}>{(number) => <Part number={number} />}</Await>
        </Suspense>
      ))}
      <Link to="/about">About</Link>
    </main>
  );
}
