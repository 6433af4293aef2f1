import { Link } from "react-router";
import { Counter } from "./counter";

export default function Home() {
  return (
    <main>
      <h1>Tallowby</h1>
      <Counter />
      <Link to="/orders">Orders</Link>
    </main>
  );
}
