import { release } from "./gates.server";

export function loader({ request }) {
  const { searchParams } = new URL(request.url);
  release(searchParams.get("visit"), searchParams.get("part"));
  return new Response(null, { status: 204 });
}
