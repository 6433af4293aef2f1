import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export default {
  poweredByHeader: false,
  devIndicators: false,
  turbopack: { root: dirname(fileURLToPath(import.meta.url)) },
};
