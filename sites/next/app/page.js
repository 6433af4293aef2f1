import Link from "next/link";
import { Counter } from "./counter";

export default function Home() {
  return (
    <main>
      <h1>Tallowby</h1>
      <Counter />
      <Link href="/orders">Orders</Link>
    </main>
  );
}
