import Link from "next/link";
import { Suspense } from "react";
import { Counter } from "../counter";
import { passed } from "../gates";

export const dynamic = "force-dynamic";

async function Part({ visit, number }) {
  await passed(visit, number);
  return (
    <section id={`part-${number}`}>
      Order {number} has arrived.
      <Counter />
    </section>
  );
}

/** Its parts are streamed one after the other, each when its gate is open. */
export default async function Orders({ searchParams }) {
  const { visit } = await searchParams;
  return (
    <main>
      <h1 id="part-0">Orders</h1>
      <Counter />
      {[1, 2, 3].map((number) => (
        <Suspense key={number} fallback={<p>One moment.</p>}>
          <Part visit={visit} number={number} />
        </Suspense>
      ))}
      <Link href="/about">About</Link>
    </main>
  );
}
