// Where the built files go: into the platform's package, so that its wheel carries them.
import { fileURLToPath } from "node:url";

export const OUT = fileURLToPath(
  new URL("../../platform/motet_platform/dashboard/static/dashboard/", import.meta.url),
);
