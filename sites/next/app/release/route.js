import { release } from "../gates";

export const dynamic = "force-dynamic";

export async function GET(request) {
  const { searchParams } = new URL(request.url);
  release(searchParams.get("visit"), searchParams.get("part"));
  return new Response(null, { status: 204 });
}
